package interop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import ee.sk.smartid.CertificateLevel;
import ee.sk.smartid.DeviceLinkType;
import ee.sk.smartid.HashAlgorithm;
import ee.sk.smartid.SessionType;
import ee.sk.smartid.SignableData;
import ee.sk.smartid.SignatureResponse;
import ee.sk.smartid.SmartIdClient;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * An e-service that has the official client already, and makes its containers with {@code /signing/v1}: the client gets
 * the certificate and has the person sign, the signing service says what is to be signed and takes the value. The
 * containers are left in the folder {@code countersign.signed}, for other programs to judge.
 */
class ContainerTest {

    private static final String FOLDER = System.getProperty("countersign.signed", "");
    private static final String NOTIFIED = "PNOEE-40504040001-DEM0-Q";
    private static final String LINKED = "PNOEE-40404040009-MOCK-Q";

    private final SmartIdClient client = World.client();

    @Test
    void a_session_by_notification_ends_in_a_container() throws Exception {
        assumeFalse(FOLDER.isEmpty(), "countersign.signed is not set");
        sign(NOTIFIED, HashAlgorithm.SHA_512, "java-notification.asice", data -> {
            String session = client.createNotificationSignature()
                    .withDocumentNumber(NOTIFIED)
                    .withCertificateLevel(CertificateLevel.QUALIFIED)
                    .withSignableData(data)
                    .withInteractions(World.notificationText())
                    .initSignatureSession()
                    .sessionID();
            return session;
        });
    }

    @Test
    void a_session_by_qr_code_ends_in_a_container() throws Exception {
        assumeFalse(FOLDER.isEmpty(), "countersign.signed is not set");
        sign(LINKED, HashAlgorithm.SHA_256, "java-qr.asice", data -> {
            var builder = client.createDeviceLinkSignature()
                    .withDocumentNumber(LINKED)
                    .withCertificateLevel(CertificateLevel.QUALIFIED)
                    .withSignableData(data)
                    .withInteractions(World.deviceLinkText());
            var session = builder.initSignatureSession();
            var sent = builder.getSignatureSessionRequest();
            World.scan(LINKED, World.deviceLink(client, session, DeviceLinkType.QR_CODE, SessionType.SIGNATURE,
                    sent.signatureProtocolParameters().digest(), sent.interactions(), null));
            return session.sessionID();
        });
    }

    /** Asks a person to sign, and gives the session. */
    private interface Asking {
        String begin(SignableData data);
    }

    private void sign(String document, HashAlgorithm hash, String name, Asking asking) throws Exception {
        X509Certificate certificate = client.createCertificateByDocumentNumber()
                .withDocumentNumber(document)
                .withCertificateLevel(CertificateLevel.QUALIFIED)
                .getCertificateByDocumentNumber()
                .certificate();

        String containers = "/signing/v1/containers";
        String form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"leping.txt\"\r\n\r\n"
                + "Osapooled lepivad kokku.\n\r\n--b--\r\n";
        String container = containers + "/" + member(call("POST", containers, "multipart/form-data; boundary=b", form), "id");
        String asked = "{\"flow\":\"remote\",\"level\":\"LT\",\"hash\":" + World.quoted(hash.getAlgorithmName())
                + ",\"certificate\":" + World.quoted(Base64.getEncoder().encodeToString(certificate.getEncoded())) + "}";
        String begun = call("POST", container + "/signatures", "application/json", asked);
        String signature = container + "/signatures/" + member(begun, "id");
        byte[] data = Base64.getDecoder().decode(member(begun, "data"));
        var signable = new SignableData(data, hash);
        assertArrayEquals(Base64.getDecoder().decode(member(begun, "digest")), signable.calculateHash());

        var status = World.finish(client, asking.begin(signable));
        SignatureResponse signed = World.signatures().validate(status, CertificateLevel.QUALIFIED);
        assertEquals(certificate, signed.getCertificate());
        World.signatureValues().validate(
                signed.getSignatureValue(), data, signed.getCertificate(), signed.getRsaSsaPssParameters());

        String value = Base64.getEncoder().encodeToString(signed.getSignatureValue());
        String ended = call("PUT", signature + "/value", "application/json", "{\"value\":" + World.quoted(value) + "}");
        assertEquals("complete", member(ended, "state"), ended);
        var request = HttpRequest.newBuilder(URI.create(World.url() + container + "/file")).build();
        var file = HTTP.send(request, BodyHandlers.ofByteArray());
        assertEquals(200, file.statusCode());
        Files.write(Path.of(FOLDER).resolve(name), file.body());
    }

    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private static String call(String method, String path, String kind, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(World.url() + path))
                .header("Content-Type", kind)
                .timeout(Duration.ofSeconds(60))
                .method(method, HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8))
                .build();
        var answer = HTTP.send(request, BodyHandlers.ofString());
        assertTrue(answer.statusCode() / 100 == 2, method + " " + path + ": " + answer.statusCode() + " " + answer.body());
        return answer.body();
    }

    /** The first member of this name; what is asked for here has no escapes in it. */
    private static String member(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        assertTrue(found.find(), name + " in " + json);
        return found.group(1);
    }
}
