package interop;

import eu.europa.esig.dss.enumerations.Indication;
import eu.europa.esig.dss.jaxb.object.Message;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.simplereport.jaxb.XmlTimestamp;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * DSS on signed files, offline: {@code DssValidator TRUSTDIR FILE...}. The root, the issuing CAs and the TSU of
 * TRUSTDIR are anchors, as services of a trusted list are. Exit code 0 only if there is a file and every signature of every file is TOTAL_PASSED and has time-stamps,
 * all PASSED.
 */
public final class DssValidator {

    /** What a trusted list has as services: certificate authorities and the time-stamping unit, no OCSP responders. */
    private static final Set<String> ANCHORS = Set.of("root.pem", "eid-q.pem", "eid-nq.pem", "tsa.pem");

    private DssValidator() {}

    public static void main(String[] arguments) throws Exception {
        var trusted = new CommonTrustedCertificateSource();
        for (CertificateToken anchor : anchors(Path.of(arguments[0]))) {
            trusted.addCertificate(anchor);
        }
        int passed = 0;
        int failed = 0;
        for (String file : List.of(arguments).subList(1, arguments.length)) {
            if (validate(new File(file), trusted)) {
                passed++;
            } else {
                failed++;
                System.out.println("FAILED " + Path.of(file).getFileName() + ": see above");
            }
        }
        System.out.println("passed " + passed + " failed " + (passed + failed == 0 ? 1 : failed));
        System.exit(failed == 0 && passed > 0 ? 0 : 1);
    }

    private static List<CertificateToken> anchors(Path folder) throws Exception {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> ANCHORS.contains(f.getFileName().toString()))
                    .sorted().map(f -> DSSUtils.loadCertificate(f.toFile())).toList();
        }
    }

    private static boolean validate(File file, CommonTrustedCertificateSource trusted) {
        Reports reports;
        try {
            // No source of OCSP, CRL or issuers is set: nothing is fetched.
            var verifier = new CommonCertificateVerifier();
            verifier.setTrustedCertSources(trusted);
            SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(file));
            validator.setCertificateVerifier(verifier);
            reports = validator.validateDocument();
        } catch (RuntimeException e) {
            System.out.println(file.getName() + ": FAILED to read: " + e);
            return false;
        }
        SimpleReport report = reports.getSimpleReport();
        boolean passed = report.getSignaturesCount() > 0;
        if (!passed) {
            System.out.println(file.getName() + ": FAILED no signature");
        }
        for (String id : report.getSignatureIdList()) {
            Indication indication = report.getIndication(id);
            passed &= indication == Indication.TOTAL_PASSED;
            System.out.println(file.getName() + ": " + indication
                    + (report.getSubIndication(id) == null ? "" : " " + report.getSubIndication(id))
                    + ", " + report.getSignatureFormat(id) + ", best signature time " + report.getBestSignatureTime(id));
            passed &= timeStamped(report, id);
            print("error", report.getAdESValidationErrors(id));
            print("warning", report.getAdESValidationWarnings(id));
        }
        return passed;
    }

    /** The default policy only warns of a time-stamp over something else while the certificates are still valid. */
    private static boolean timeStamped(SimpleReport report, String signature) {
        List<XmlTimestamp> stamps = report.getSignatureTimestamps(signature);
        boolean passed = !stamps.isEmpty();
        for (XmlTimestamp stamp : stamps) {
            passed &= stamp.getIndication() == Indication.PASSED;
            System.out.println("    time-stamp " + stamp.getIndication()
                    + (stamp.getSubIndication() == null ? "" : " " + stamp.getSubIndication()) + " by " + stamp.getProducedBy());
        }
        if (stamps.isEmpty()) {
            System.out.println("    no time-stamp");
        }
        return passed;
    }

    private static void print(String kind, List<Message> messages) {
        for (Message message : messages) {
            System.out.println("    " + kind + " " + message.getKey() + ": " + message.getValue());
        }
    }
}
