package interop;

import eu.europa.esig.dss.asic.xades.ASiCWithXAdESSignatureParameters;
import eu.europa.esig.dss.asic.xades.signature.ASiCWithXAdESService;
import eu.europa.esig.dss.enumerations.ASiCContainerType;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.EncryptionAlgorithm;
import eu.europa.esig.dss.enumerations.Indication;
import eu.europa.esig.dss.enumerations.MimeTypeEnum;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.InMemoryDocument;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.model.ToBeSigned;
import eu.europa.esig.dss.service.http.commons.OCSPDataLoader;
import eu.europa.esig.dss.service.http.commons.TimestampDataLoader;
import eu.europa.esig.dss.service.ocsp.OnlineOCSPSource;
import eu.europa.esig.dss.service.tsp.OnlineTSPSource;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.token.KeyStoreSignatureTokenConnection;
import eu.europa.esig.dss.token.DSSPrivateKeyEntry;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * DSS on both sides of the matrix. {@code DssMatrix judge WORLD FILE...} prints {@code ACCEPTED file} or
 * {@code REFUSED file: why} for each; {@code DssMatrix make WORLD URL} signs files of its own at every level into
 * WORLD/dss. Revocation data that a file does not bring is asked for at the addresses in its certificates: those of
 * the WORLD, on this machine.
 */
public final class DssMatrix {

    private static final char[] PASSWORD = "matrix".toCharArray();

    private DssMatrix() {}

    public static void main(String[] arguments) throws Exception {
        Path world = Path.of(arguments[1]);
        switch (arguments[0]) {
            case "judge" -> {
                for (String file : List.of(arguments).subList(2, arguments.length)) {
                    judge(new File(file), verifier(world));
                }
            }
            case "make" -> make(world, arguments[2]);
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        System.exit(0);
    }

    private static CommonCertificateVerifier verifier(Path world) {
        var trusted = new CommonTrustedCertificateSource();
        for (String name : List.of("root", "eid-q", "tsa")) {
            trusted.addCertificate(DSSUtils.loadCertificate(world.resolve("trust/" + name + ".pem").toFile()));
        }
        var verifier = new CommonCertificateVerifier();
        verifier.setTrustedCertSources(trusted);
        verifier.setOcspSource(new OnlineOCSPSource(new OCSPDataLoader()));
        return verifier;
    }

    private static void judge(File file, CommonCertificateVerifier verifier) {
        try {
            SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(new FileDocument(file));
            validator.setCertificateVerifier(verifier);
            SimpleReport report = validator.validateDocument().getSimpleReport();
            String wrong = report.getSignaturesCount() == 0 ? "no signature" : "";
            for (String id : report.getSignatureIdList()) {
                if (report.getIndication(id) != Indication.TOTAL_PASSED) {
                    wrong += report.getIndication(id) + " " + report.getSubIndication(id) + " ";
                }
                for (var stamp : report.getSignatureTimestamps(id)) {
                    if (stamp.getIndication() != Indication.PASSED) {
                        wrong += "time-stamp " + stamp.getSubIndication() + " ";
                    }
                }
                String level = file.getName().split("-")[0];
                String found = report.getSignatureFormat(id).toString();
                if (!found.endsWith("BASELINE-" + level) && !found.endsWith("BASELINE_" + level)) {
                    wrong += "level " + found + " ";
                }
            }
            System.out.println(wrong.isEmpty() ? "ACCEPTED " + file.getName() : "REFUSED " + file.getName() + ": " + wrong);
        } catch (RuntimeException e) {
            System.out.println("REFUSED " + file.getName() + ": " + e);
        }
    }

    private static void make(Path world, String url) throws Exception {
        Files.createDirectories(world.resolve("dss"));
        var algorithms = List.of(
                new Object[] {"rsa", "pss-sha256", DigestAlgorithm.SHA256, EncryptionAlgorithm.RSASSA_PSS},
                new Object[] {"rsa", "pss-sha512", DigestAlgorithm.SHA512, EncryptionAlgorithm.RSASSA_PSS},
                new Object[] {"rsa", "rsa-sha256", DigestAlgorithm.SHA256, EncryptionAlgorithm.RSA},
                new Object[] {"p256", "p256", DigestAlgorithm.SHA256, EncryptionAlgorithm.ECDSA},
                new Object[] {"p384", "p384", DigestAlgorithm.SHA384, EncryptionAlgorithm.ECDSA});
        for (Object[] algorithm : algorithms) {
            for (String level : List.of("B", "T", "LT", "LTA")) {
                String name = level + "-" + algorithm[1] + "-1.asice";
                try {
                    DSSDocument signed = sign(world, url, algorithm, level);
                    signed.save(world.resolve("dss/" + name).toString());
                } catch (RuntimeException e) {
                    System.out.println("FAILED " + name + ": " + e);
                }
            }
        }
    }

    private static DSSDocument sign(Path world, String url, Object[] algorithm, String level) throws Exception {
        List<DSSDocument> files = List.of(
                new InMemoryDocument("Osapooled lepivad kokku.\n".getBytes(StandardCharsets.UTF_8), "leping nr 1.txt", MimeTypeEnum.TEXT),
                new InMemoryDocument(new byte[] {0, 1, -1}, "õun.bin", MimeTypeEnum.BINARY));
        var verifier = verifier(world);
        var service = new ASiCWithXAdESService(verifier);
        service.setTspSource(new OnlineTSPSource(url + "/tsa", new TimestampDataLoader()));
        var parameters = new ASiCWithXAdESSignatureParameters();
        parameters.aSiC().setContainerType(ASiCContainerType.ASiC_E);
        parameters.setSignatureLevel(SignatureLevel.valueOf("XAdES_BASELINE_" + level));
        parameters.setDigestAlgorithm((DigestAlgorithm) algorithm[2]);
        parameters.setEncryptionAlgorithm((EncryptionAlgorithm) algorithm[3]);
        try (var token = token(world, algorithm[0] + "-0")) {
            DSSPrivateKeyEntry key = token.getKeys().get(0);
            parameters.setSigningCertificate(key.getCertificate());
            parameters.setCertificateChain(List.of(
                    key.getCertificate(), DSSUtils.loadCertificate(world.resolve("trust/eid-q.pem").toFile())));
            ToBeSigned data = service.getDataToSign(files, parameters);
            SignatureValue value = token.sign(data, parameters.getSignatureAlgorithm(), key);
            return service.signDocument(files, parameters, value);
        }
    }

    /** The key and certificate of a signer, as the store that DSS takes. */
    private static KeyStoreSignatureTokenConnection token(Path world, String signer) throws Exception {
        String pem = Files.readString(world.resolve("signers/" + signer + ".key"));
        byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
        PrivateKey key = KeyFactory.getInstance(signer.startsWith("rsa") ? "RSA" : "EC").generatePrivate(new PKCS8EncodedKeySpec(der));
        List<Certificate> chain = new ArrayList<>();
        for (String path : List.of("signers/" + signer + ".pem", "trust/eid-q.pem")) {
            chain.add(CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(world.resolve(path)))));
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("signer", key, PASSWORD, chain.toArray(Certificate[]::new));
        var bytes = new ByteArrayOutputStream();
        store.store(bytes, PASSWORD);
        return new KeyStoreSignatureTokenConnection(
                bytes.toByteArray(), "PKCS12", new KeyStore.PasswordProtection(PASSWORD));
    }
}
