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
import java.util.stream.Stream;

/**
 * DSS on signed files, offline: {@code DssValidator TRUSTDIR FILE...}. Every certificate of TRUSTDIR is an anchor,
 * as services of a trusted list are. Exit code 0 only if every signature of every file is TOTAL_PASSED and has time-stamps,
 * all PASSED.
 */
public final class DssValidator {

    private DssValidator() {}

    public static void main(String[] arguments) throws Exception {
        var trusted = new CommonTrustedCertificateSource();
        for (CertificateToken anchor : anchors(Path.of(arguments[0]))) {
            trusted.addCertificate(anchor);
        }
        boolean passed = true;
        for (String file : List.of(arguments).subList(1, arguments.length)) {
            passed &= validate(new File(file), trusted);
        }
        System.exit(passed ? 0 : 1);
    }

    private static List<CertificateToken> anchors(Path folder) throws Exception {
        try (Stream<Path> files = Files.list(folder)) {
            // The root of the server's TLS signs no documents.
            return files.filter(f -> f.toString().endsWith(".pem") && !f.getFileName().toString().contains("tls"))
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
