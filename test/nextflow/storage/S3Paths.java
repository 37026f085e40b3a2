package fusiongen.test;

import java.net.URI;
import java.nio.file.Path;
import java.nio.file.spi.FileSystemProvider;
import nextflow.file.FileSystemPathFactory;

/**
 * Lets a Nextflow without its S3 plugin read s3:// paths, through the java.nio provider for that scheme on the class path.
 * Tasks reach S3 through their own mount, so no transfer commands are offered.
 */
public class S3Paths extends FileSystemPathFactory {
  private static final String SCHEME = "s3";

  private static FileSystemProvider provider() {
    return FileSystemProvider.installedProviders().stream()
        .filter(p -> p.getScheme().equals(SCHEME)).findFirst()
        .orElseThrow(() -> new IllegalStateException("no file system provider for " + SCHEME + " on the class path"));
  }

  @Override protected Path parseUri(String uri) {
    return uri.startsWith(SCHEME + "://") ? provider().getPath(URI.create(uri)) : null;
  }

  @Override protected String toUriString(Path path) {
    if (!path.getFileSystem().provider().getScheme().equals(SCHEME)) {
      return null;
    }
    String uri = path.toUri().toString();
    return uri.endsWith("/") && uri.length() > (SCHEME + ":///").length() ? uri.substring(0, uri.length() - 1) : uri;
  }

  @Override protected String getBashLib(Path target) { return null; }

  @Override protected String getUploadCmd(String source, Path target) { return null; }
}
