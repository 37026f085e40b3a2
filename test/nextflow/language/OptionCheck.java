import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import nextflow.config.ast.ConfigAssignNode;
import nextflow.config.ast.ConfigBlockNode;
import nextflow.config.ast.ConfigNode;
import nextflow.config.ast.ConfigStatement;
import nextflow.config.control.ConfigParser;
import nextflow.config.schema.SchemaNode;

/** Parses config files strictly and prints "file FILE", then each of its options as "known NAME" or "unknown NAME", or its errors; exit 1 where one does not parse. */
public class OptionCheck {
    public static void main(String[] files) throws Exception {
        boolean failed = false;
        for (String file : files) {
            ConfigParser parser = new ConfigParser();
            var source = parser.parse(new File(file));
            parser.analyze();
            System.out.println("file " + file);
            if (source.getErrorCollector().hasErrors()) {
                failed = true;
                for (var error : source.getErrorCollector().getErrors()) {
                    StringWriter text = new StringWriter();
                    error.write(new PrintWriter(text));
                    System.out.println("error " + file + ": " + text.toString().strip().replace("\n", " "));
                }
                continue;
            }
            options(((ConfigNode) source.getAST()).getConfigStatements(), List.of());
        }
        System.exit(failed ? 1 : 0);
    }

    static void options(List<ConfigStatement> statements, List<String> scope) {
        for (ConfigStatement statement : statements) {
            if (statement instanceof ConfigBlockNode block) {
                List<String> inner = new ArrayList<>(scope);
                if (block.kind == null) {
                    inner.add(block.name);
                }
                options(block.statements, inner);
            } else if (statement instanceof ConfigAssignNode assignment) {
                List<String> name = new ArrayList<>(scope);
                name.addAll(assignment.names);
                if (name.get(0).equals("profiles") && name.size() > 2) {
                    name = name.subList(2, name.size()); // profiles.NAME
                }
                boolean known = SchemaNode.ROOT.getChild(name) instanceof SchemaNode.Option;
                System.out.println((known ? "known " : "unknown ") + String.join(".", name));
            }
        }
    }
}
