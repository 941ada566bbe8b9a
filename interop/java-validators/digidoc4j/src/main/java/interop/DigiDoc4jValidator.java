package interop;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.digidoc4j.Configuration;
import org.digidoc4j.Container;
import org.digidoc4j.ContainerOpener;
import org.digidoc4j.ContainerValidationResult;
import org.digidoc4j.Signature;
import org.digidoc4j.exceptions.DigiDoc4JException;
import org.digidoc4j.impl.asic.tsl.TSLCertificateSourceImpl;

/**
 * digidoc4j on ASiC-E files, offline: {@code DigiDoc4jValidator TRUSTDIR FILE...}. The root, the issuing CAs and
 * the TSU of TRUSTDIR stand in its trusted list. Exit code 0 only if there is a file, every one has a
 * signature and digidoc4j finds nothing wrong.
 */
public final class DigiDoc4jValidator {

    /** What a trusted list has as services: certificate authorities and the time-stamping unit, no OCSP responders. */
    private static final Set<String> ANCHORS = Set.of("root.pem", "eid-q.pem", "eid-nq.pem", "tsa.pem");

    private DigiDoc4jValidator() {}

    public static void main(String[] arguments) throws Exception {
        var trusted = new TSLCertificateSourceImpl();
        for (X509Certificate anchor : anchors(Path.of(arguments[0]))) {
            trusted.addTSLCertificate(anchor);
        }
        var configuration = new Configuration(Configuration.Mode.TEST);
        configuration.setTSL(trusted);
        int passed = 0;
        int failed = 0;
        for (String file : List.of(arguments).subList(1, arguments.length)) {
            if (validate(file, configuration)) {
                passed++;
            } else {
                failed++;
                System.out.println("FAILED " + Path.of(file).getFileName() + ": see above");
            }
        }
        System.out.println("passed " + passed + " failed " + (passed + failed == 0 ? 1 : failed));
        System.exit(failed == 0 && passed > 0 ? 0 : 1);
    }

    private static List<X509Certificate> anchors(Path folder) throws Exception {
        var factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> anchors = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(f -> ANCHORS.contains(f.getFileName().toString())).sorted().toList()) {
                try (InputStream in = Files.newInputStream(file)) {
                    anchors.add((X509Certificate) factory.generateCertificate(in));
                }
            }
        }
        return anchors;
    }

    private static boolean validate(String file, Configuration configuration) {
        String name = Path.of(file).getFileName().toString();
        try {
            Container container = ContainerOpener.open(file, configuration);
            ContainerValidationResult result = container.validate();
            boolean passed = result.isValid() && result.getErrors().isEmpty() && !container.getSignatures().isEmpty();
            System.out.println(name + ": " + (passed ? "VALID" : "INVALID") + ", " + container.getType() + ", "
                    + container.getDataFiles().size() + " data files, " + container.getSignatures().size() + " signatures");
            for (Signature signature : container.getSignatures()) {
                System.out.println("    " + signature.getProfile() + " " + result.getIndication(signature.getUniqueId())
                        + " " + (result.getSubIndication(signature.getUniqueId()) == null ? "" : result.getSubIndication(signature.getUniqueId()))
                        + ", trusted signing time " + signature.getTrustedSigningTime());
            }
            print("error", result.getErrors());
            print("warning", result.getWarnings());
            print("container error", result.getContainerErrors());
            print("container warning", result.getContainerWarnings());
            return passed;
        } catch (RuntimeException e) {
            System.out.println(name + ": FAILED to read: " + e);
            return false;
        }
    }

    private static void print(String kind, List<DigiDoc4JException> found) {
        for (DigiDoc4JException one : found) {
            System.out.println("    " + kind + ": " + one.getMessage());
        }
    }
}
