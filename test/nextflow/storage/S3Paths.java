package fusiongen.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Map;
import nextflow.file.FileSystemPathFactory;
import org.carlspring.cloud.storage.s3fs.S3Path;

/**
 * Lets a Nextflow without its S3 plugin read s3:// paths, through a java.nio provider for that scheme on the class path. The
 * server comes from AWS_ENDPOINT_URL_S3, as for AWS's own tools. Tasks reach S3 through their own mount, so no transfer
 * commands are offered.
 */
public class S3Paths extends FileSystemPathFactory {
  private static final String SCHEME = "s3://";
  private static FileSystem store;

  private static synchronized FileSystem store() {
    if (store == null) {
      URI endpoint = URI.create(System.getenv("AWS_ENDPOINT_URL_S3"));
      Map<String, Object> settings = Map.of(
          "s3fs.region", System.getenv("AWS_REGION"),
          "s3fs.protocol", endpoint.getScheme(),
          "s3fs.path.style.access", "true",
          "s3fs.amazon.s3.factory.class", Clients.class.getName());
      try {
        store = FileSystems.newFileSystem(URI.create(SCHEME + endpoint.getAuthority() + "/"), settings, S3Paths.class.getClassLoader());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return store;
  }

  /** The provider's paths are /BUCKET/KEY. */
  @Override protected Path parseUri(String uri) {
    return uri.startsWith(SCHEME) ? store().getPath("/" + uri.substring(SCHEME.length())) : null;
  }

  @Override protected String toUriString(Path path) {
    if (!(path instanceof S3Path s3)) {
      return null;
    }
    if (!s3.isAbsolute()) {
      return s3.toString();
    }
    String uri = SCHEME + s3.getFileStore().name() + "/" + s3.getKey();
    return uri.endsWith("/") ? uri.substring(0, uri.length() - 1) : uri;
  }

  @Override protected String getBashLib(Path target) { return null; }

  @Override protected String getUploadCmd(String source, Path target) { return null; }
}
