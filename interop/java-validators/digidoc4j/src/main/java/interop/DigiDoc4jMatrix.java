package interop;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.digidoc4j.Configuration;
import org.digidoc4j.Container;
import org.digidoc4j.ContainerBuilder;
import org.digidoc4j.ContainerOpener;
import org.digidoc4j.ContainerValidationResult;
import org.digidoc4j.DataToSign;
import org.digidoc4j.DigestAlgorithm;
import org.digidoc4j.Signature;
import org.digidoc4j.SignatureBuilder;
import org.digidoc4j.SignatureProfile;
import org.digidoc4j.exceptions.DigiDoc4JException;
import org.digidoc4j.impl.asic.tsl.TSLCertificateSourceImpl;

/**
 * digidoc4j on both sides of the matrix. {@code DigiDoc4jMatrix judge WORLD FILE...} prints {@code ACCEPTED file} or
 * {@code REFUSED file: why} for each; {@code DigiDoc4jMatrix make WORLD URL} signs files of its own at the levels it
 * makes into WORLD/digidoc4j.
 */
public final class DigiDoc4jMatrix {

    private DigiDoc4jMatrix() {}

    public static void main(String[] arguments) throws Exception {
        Path world = Path.of(arguments[1]);
        switch (arguments[0]) {
            case "judge" -> {
                Configuration configuration = configuration(world);
                for (String file : List.of(arguments).subList(2, arguments.length)) {
                    judge(file, configuration);
                }
            }
            case "make" -> make(world, arguments[2]);
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        System.exit(0);
    }

    static Configuration configuration(Path world) throws Exception {
        var trusted = new TSLCertificateSourceImpl();
        for (String name : List.of("root", "eid-q", "tsa")) {
            trusted.addTSLCertificate(certificate(world.resolve("trust/" + name + ".pem")));
        }
        var configuration = new Configuration(Configuration.Mode.TEST);
        configuration.setTSL(trusted);
        return configuration;
    }

    private static void judge(String file, Configuration configuration) {
        String name = Path.of(file).getFileName().toString();
        try {
            Container container = ContainerOpener.open(file, configuration);
            ContainerValidationResult result = container.validate();
            boolean passed = result.isValid() && result.getErrors().isEmpty() && !container.getSignatures().isEmpty();
            System.out.println(passed ? "ACCEPTED " + name : "REFUSED " + name + ": "
                    + result.getErrors().stream().map(DigiDoc4JException::getMessage).findFirst().orElse("no signature"));
        } catch (RuntimeException e) {
            System.out.println("REFUSED " + name + ": " + e);
        }
    }

    private static void make(Path world, String url) throws Exception {
        Files.createDirectories(world.resolve("digidoc4j"));
        Configuration configuration = configuration(world);
        configuration.setTspSource(url + "/tsa");
        configuration.setOcspSource(url + "/ocsp");
        configuration.setPreferAiaOcsp(false);
        configuration.setSignOCSPRequests(false);
        for (String kind : List.of("p256", "p384", "rsa")) {
            for (String level : List.of("B", "T", "LT", "LTA")) {
                String name = level + "-" + (kind.equals("rsa") ? "rsa-sha256" : kind) + "-1.asice";
                try {
                    Container container = ContainerBuilder.aContainer(Container.DocumentType.ASICE)
                            .withConfiguration(configuration)
                            .withDataFile(new ByteArrayInputStream("Osapooled lepivad kokku.\n".getBytes(StandardCharsets.UTF_8)), "leping nr 1.txt", "text/plain")
                            .build();
                    container.addSignature(sign(world, container, kind, level));
                    container.saveAsFile(world.resolve("digidoc4j/" + name).toString());
                } catch (RuntimeException e) {
                    System.out.println("FAILED " + name + ": " + e);
                }
            }
        }
    }

    private static Signature sign(Path world, Container container, String kind, String level) throws Exception {
        String pem = Files.readString(world.resolve("signers/" + kind + "-0.key"));
        byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
        PrivateKey key = KeyFactory.getInstance(kind.equals("rsa") ? "RSA" : "EC").generatePrivate(new PKCS8EncodedKeySpec(der));
        DigestAlgorithm digest = kind.equals("p384") ? DigestAlgorithm.SHA384 : DigestAlgorithm.SHA256;
        SignatureProfile profile = switch (level) {
            case "B" -> SignatureProfile.B_BES;
            case "T" -> SignatureProfile.T;
            case "LT" -> SignatureProfile.LT;
            default -> SignatureProfile.LTA;
        };
        DataToSign data = SignatureBuilder.aSignature(container)
                .withSigningCertificate(certificate(world.resolve("signers/" + kind + "-0.pem")))
                .withSignatureDigestAlgorithm(digest)
                .withDataFileDigestAlgorithm(digest)
                .withSignatureProfile(profile)
                .buildDataToSign();
        String hash = digest == DigestAlgorithm.SHA384 ? "SHA384" : "SHA256";
        String algorithm = kind.equals("rsa") ? hash + "withRSA" : hash + "withPLAIN-ECDSA";
        var signer = java.security.Signature.getInstance(algorithm, new BouncyCastleProvider());
        signer.initSign(key);
        signer.update(data.getDataToSign());
        return data.finalize(signer.sign());
    }

    private static X509Certificate certificate(Path path) throws Exception {
        return (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(path)));
    }
}
