package fusiongen.test;

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.utils.cache.CachedSupplier;
import software.amazon.awssdk.utils.cache.RefreshResult;

/**
 * The credentials of the role that a pod's token gives, as the SDK's STS module gets them, which Maven Central's mirrors lack for the
 * provider's version of the SDK. They are fetched anew before they expire. STS comes from AWS_ENDPOINT_URL_STS.
 */
final class WebIdentity implements AwsCredentialsProvider {
  private final HttpClient http = HttpClient.newHttpClient();
  private final CachedSupplier<AwsCredentials> cache = CachedSupplier.builder(this::assume).build();

  @Override public AwsCredentials resolveCredentials() { return cache.get(); }

  private RefreshResult<AwsCredentials> assume() {
    try {
      String form = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=nextflow"
          + "&RoleArn=" + encode(System.getenv("AWS_ROLE_ARN"))
          + "&WebIdentityToken=" + encode(Files.readString(Path.of(System.getenv("AWS_WEB_IDENTITY_TOKEN_FILE"))));
      HttpResponse<String> reply = http.send(HttpRequest.newBuilder(URI.create(System.getenv("AWS_ENDPOINT_URL_STS")))
          .header("Content-Type", "application/x-www-form-urlencoded").POST(HttpRequest.BodyPublishers.ofString(form)).build(),
          HttpResponse.BodyHandlers.ofString());
      Document body = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new java.io.ByteArrayInputStream(reply.body().getBytes(StandardCharsets.UTF_8)));
      if (reply.statusCode() != 200) {
        throw SdkClientException.create(text(body, "Code") + ": " + text(body, "Message"));
      }
      AwsCredentials taken = AwsSessionCredentials.create(text(body, "AccessKeyId"), text(body, "SecretAccessKey"), text(body, "SessionToken"));
      Instant last = Instant.parse(text(body, "Expiration")).minusSeconds(1);
      return RefreshResult.builder(taken).staleTime(last).prefetchTime(last).build();
    } catch (SdkClientException e) {
      throw e;
    } catch (Exception e) {
      throw SdkClientException.create("no credentials by web identity", e);
    }
  }

  private static String encode(String value) { return URLEncoder.encode(value, StandardCharsets.UTF_8); }

  private static String text(Document body, String name) { return body.getElementsByTagName(name).item(0).getTextContent(); }
}
