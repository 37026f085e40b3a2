package fusiongen.test;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Properties;
import org.carlspring.cloud.storage.s3fs.S3ClientFactory;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.GetObjectAclResponse;
import software.amazon.awssdk.services.s3.model.Owner;

/**
 * The provider's clients. A pod that has a role uses it; otherwise the SDK's own chain finds credentials. The provider asks for each
 * object's access control list, which the test's S3 server does not have: there is one owner of all.
 */
public class Clients extends S3ClientFactory {
  @Override protected AwsCredentialsProvider getCredentialsProvider(Properties settings) {
    return System.getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != null ? new WebIdentity() : super.getCredentialsProvider(settings);
  }

  @Override protected S3Client createS3Client(S3ClientBuilder builder) {
    S3Client client = super.createS3Client(builder);
    return (S3Client) Proxy.newProxyInstance(Clients.class.getClassLoader(), new Class<?>[] {S3Client.class}, (self, method, args) -> {
      if (method.getName().equals("getObjectAcl")) {
        return GetObjectAclResponse.builder().owner(Owner.builder().id("owner").displayName("owner").build()).build();
      }
      try {
        return method.invoke(client, args);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    });
  }
}
