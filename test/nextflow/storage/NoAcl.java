package fusiongen.test;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.carlspring.cloud.storage.s3fs.S3ClientFactory;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.GetObjectAclResponse;
import software.amazon.awssdk.services.s3.model.Owner;

/** The provider asks for each object's access control list, which the test's S3 server does not have: there is one owner of all. */
public class NoAcl extends S3ClientFactory {
  @Override protected S3Client createS3Client(S3ClientBuilder builder) {
    S3Client client = super.createS3Client(builder);
    return (S3Client) Proxy.newProxyInstance(NoAcl.class.getClassLoader(), new Class<?>[] {S3Client.class}, (self, method, args) -> {
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
