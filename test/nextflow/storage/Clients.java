package fusiongen.test;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.carlspring.cloud.storage.s3fs.S3ClientFactory;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.Bucket;
import software.amazon.awssdk.services.s3.model.GetObjectAclResponse;
import software.amazon.awssdk.services.s3.model.ListBucketsResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.Owner;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Request;

/**
 * The provider's clients. A pod that has a role uses it; otherwise the SDK's own chain finds credentials. Where the provider makes calls
 * that Nextflow's own plugin does without, so that no role needs to allow them, they are answered here: each object's access control
 * list (there is one owner of all), the list of all buckets (of which it wants those that it uses), and the look for a directory by
 * the object of its name.
 */
public class Clients extends S3ClientFactory {
  private static final Owner OWNER = Owner.builder().id("owner").displayName("owner").build();

  @Override protected AwsCredentialsProvider getCredentialsProvider(Properties settings) {
    return System.getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != null ? new WebIdentity() : super.getCredentialsProvider(settings);
  }

  @Override protected S3Client createS3Client(S3ClientBuilder builder) {
    S3Client client = super.createS3Client(builder);
    Set<String> used = ConcurrentHashMap.newKeySet();
    return (S3Client) Proxy.newProxyInstance(Clients.class.getClassLoader(), new Class<?>[] {S3Client.class}, (self, method, args) -> {
      if (args != null && args[0] instanceof S3Request request) {
        request.getValueForField("Bucket", String.class).ifPresent(used::add);
      }
      switch (method.getName()) {
        case "getObjectAcl":
          return GetObjectAclResponse.builder().owner(OWNER).build();
        case "listBuckets":
          return ListBucketsResponse.builder().owner(OWNER).buckets(used.stream().map(name -> Bucket.builder().name(name).build()).toList()).build();
        default:
      }
      try {
        return method.invoke(client, args);
      } catch (InvocationTargetException e) {
        if (method.getName().equals("headObject") && e.getCause() instanceof S3Exception refused && refused.statusCode() == 403) {
          throw NoSuchKeyException.builder().statusCode(404).message("refused, so nobody knows of it").cause(refused).build();
        }
        throw e.getCause();
      }
    });
  }
}
