import groovy.json.JsonOutput;
import groovy.lang.Closure;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import nextflow.config.ConfigParser;

/** Prints what Nextflow reads in each file, without a profile and with each: a line of JSON for each. Closures are {"closure": true}. */
public class ConfigValues {
  public static void main(String[] files) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err); // configurations may print
    for (String file : files) {
      try {
        ConfigParser first = parser(file, "standard");
        first.parse(Path.of(file).toAbsolutePath());
        List<String> profiles = new ArrayList<>(List.of("standard")); // what runs without -profile
        var names = new TreeSet<>(first.getConditionalBlockNames());
        names.remove("standard");
        profiles.addAll(names);
        for (String profile : profiles) {
          Object config = parser(file, profile).parse(Path.of(file).toAbsolutePath());
          out.println(JsonOutput.toJson(Map.of("file", file, "profile", profile, "values", plain(config))));
        }
      } catch (Throwable e) {
        out.println(JsonOutput.toJson(Map.of("file", file, "error", String.valueOf(e.getMessage()))));
      }
    }
  }

  private static ConfigParser parser(String file, String profile) {
    String dir = Path.of(file).toAbsolutePath().getParent().toString();
    return new ConfigParser().registerConditionalBlock("profiles", profile)
        .setBinding(new LinkedHashMap<>(Map.of("baseDir", dir, "projectDir", dir, "launchDir", dir)));
  }

  private static Object plain(Object v) {
    if (v instanceof Map<?, ?> map) {
      Map<String, Object> out = new LinkedHashMap<>();
      map.forEach((key, value) -> out.put(String.valueOf(key), plain(value)));
      return out;
    }
    if (v instanceof Iterable<?> list && !(v instanceof Path)) {
      List<Object> out = new ArrayList<>();
      list.forEach(item -> out.add(plain(item)));
      return out;
    }
    if (v instanceof Closure) {
      return Map.of("closure", true);
    }
    return v == null || v instanceof Boolean || v instanceof Number ? v : String.valueOf(v);
  }
}
