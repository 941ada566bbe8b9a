package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ee.sk.smartid.CertificateChoiceResponseValidator;
import ee.sk.smartid.CertificateValidator;
import ee.sk.smartid.CertificateValidatorImpl;
import ee.sk.smartid.DefaultTrustedCAStoreBuilder;
import ee.sk.smartid.DeviceLinkAuthenticationResponseValidator;
import ee.sk.smartid.DeviceLinkBuilder;
import ee.sk.smartid.DeviceLinkType;
import ee.sk.smartid.NotificationAuthenticationResponseValidator;
import ee.sk.smartid.QrCodeGenerator;
import ee.sk.smartid.SessionType;
import ee.sk.smartid.SignatureResponseValidator;
import ee.sk.smartid.SignatureValueValidatorImpl;
import ee.sk.smartid.SmartIdClient;
import ee.sk.smartid.common.devicelink.interactions.DeviceLinkInteraction;
import ee.sk.smartid.common.notification.interactions.NotificationInteraction;
import ee.sk.smartid.rest.dao.DeviceLinkSessionResponse;
import ee.sk.smartid.rest.dao.SemanticsIdentifier;
import ee.sk.smartid.rest.dao.SessionStatus;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;

/** The server under judgement, the client that judges it, and the mock device between them. */
final class World {

    static final String SCHEME = "smart-id-demo";
    static final String RP_UUID = "00000000-0000-4000-8000-000000000000";
    static final String RP_NAME = "DEMO";

    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private World() {}

    /** Base URL of the server, without a trailing slash. */
    static String url() {
        String given = setting("countersign.url", "COUNTERSIGN_URL", "http://127.0.0.1:8080");
        return given.endsWith("/") ? given.substring(0, given.length() - 1) : given;
    }

    /** What `countersign trust export DIR` wrote. */
    static Path trust() {
        String given = setting("countersign.trust", "COUNTERSIGN_TRUST", "");
        assertTrue(!given.isEmpty(), "COUNTERSIGN_TRUST must name the directory that `countersign trust export` wrote");
        return Path.of(given);
    }

    private static String setting(String property, String variable, String otherwise) {
        String value = System.getProperty(property);
        if (value == null || value.isEmpty()) {
            value = System.getenv(variable);
        }
        return value == null || value.isEmpty() ? otherwise : value;
    }

    static SmartIdClient client() {
        return client(RP_UUID, RP_NAME);
    }

    static SmartIdClient client(String uuid, String name) {
        var client = new SmartIdClient();
        client.setRelyingPartyUUID(uuid);
        client.setRelyingPartyName(name);
        client.setHostUrl(url() + "/smart-id-rp/v3/");
        // The client insists on some TLS trust even for a plain http address.
        try {
            client.setTrustSslContext(SSLContext.getDefault());
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
        client.setSessionStatusResponseSocketOpenTime(TimeUnit.SECONDS, 20);
        client.setPollingSleepTimeout(TimeUnit.MILLISECONDS, 20);
        return client;
    }

    // Validators, all of them as the library sets them up by default, with our root and issuing CAs.

    static CertificateValidator certificates() {
        Set<TrustAnchor> anchors = new HashSet<>();
        anchors.add(new TrustAnchor(pem("root.pem"), null));
        return new CertificateValidatorImpl(new DefaultTrustedCAStoreBuilder()
                .withTrustAnchors(anchors)
                .withIntermediateCACertificate(List.of(pem("eid-q.pem"), pem("eid-nq.pem")))
                // The library throws on `true`: "Does not work yet".
                .withOcspEnabled(false)
                .build());
    }

    static X509Certificate pem(String file) {
        try (InputStream in = Files.newInputStream(trust().resolve(file))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        } catch (Exception e) {
            throw new IllegalStateException("cannot read " + trust().resolve(file), e);
        }
    }

    static NotificationAuthenticationResponseValidator notificationAuthentication() {
        return NotificationAuthenticationResponseValidator.defaultSetupWithCertificateValidator(certificates());
    }

    static DeviceLinkAuthenticationResponseValidator deviceLinkAuthentication() {
        return DeviceLinkAuthenticationResponseValidator.defaultSetupWithCertificateValidator(certificates());
    }

    static SignatureResponseValidator signatures() {
        return new SignatureResponseValidator(certificates());
    }

    static SignatureValueValidatorImpl signatureValues() {
        return new SignatureValueValidatorImpl();
    }

    static CertificateChoiceResponseValidator certificateChoices() {
        return new CertificateChoiceResponseValidator(certificates());
    }

    // Words on the screen.

    static List<NotificationInteraction> notificationText() {
        return List.of(NotificationInteraction.displayTextAndPin("Countersign interop"));
    }

    static List<DeviceLinkInteraction> deviceLinkText() {
        return List.of(DeviceLinkInteraction.displayTextAndPin("Countersign interop"));
    }

    /** `PNOEE-40504040001-DEM0-Q` belongs to `PNOEE-40504040001`. */
    static SemanticsIdentifier personOf(String documentNumber) {
        return new SemanticsIdentifier(personCodeOf(documentNumber));
    }

    static String personCodeOf(String documentNumber) {
        String withoutLevel = documentNumber.substring(0, documentNumber.lastIndexOf('-'));
        return withoutLevel.substring(0, withoutLevel.lastIndexOf('-'));
    }

    static boolean isQualified(String documentNumber) {
        return documentNumber.endsWith("-Q");
    }

    /** Device link as a page of a relying party makes it: for QR it also draws the code. */
    static String deviceLink(SmartIdClient client, DeviceLinkSessionResponse session, DeviceLinkType type,
            SessionType sessionType, String digest, String interactions, String callback) {
        DeviceLinkBuilder builder = client.createDynamicContent()
                .withSchemeName(SCHEME)
                .withDeviceLinkBase(session.deviceLinkBase().toString())
                .withDeviceLinkType(type)
                .withSessionType(sessionType)
                .withSessionToken(session.sessionToken())
                .withLang("est");
        if (digest != null) {
            builder.withDigest(digest).withInteractions(interactions);
        }
        if (type == DeviceLinkType.QR_CODE) {
            builder.withElapsedSeconds(Duration.between(session.receivedAt(), Instant.now()).getSeconds());
        } else {
            builder.withInitialCallbackUrl(callback);
        }
        String link = builder.buildDeviceLink(session.sessionSecret()).toString();
        if (type == DeviceLinkType.QR_CODE) {
            assertTrue(QrCodeGenerator.generateDataUri(link).startsWith("data:image/png;base64,"));
        }
        return link;
    }

    static void scan(String documentNumber, String link) {
        open(documentNumber, link, "QR", null, null);
    }

    /** The documented mock device call; it answers 200 with an empty body. */
    static void open(String documentNumber, String link, String flowType, String cookie, String callback) {
        HttpResponse<String> answer = openUnchecked(documentNumber, link, flowType, cookie, callback);
        assertEquals(200, answer.statusCode(), answer.body());
    }

    static HttpResponse<String> openUnchecked(String documentNumber, String link, String flowType, String cookie, String callback) {
        var body = new StringBuilder("{\"documentNumber\":").append(quoted(documentNumber))
                .append(",\"deviceLink\":").append(quoted(link))
                .append(",\"flowType\":").append(quoted(flowType));
        if (callback != null) {
            body.append(",\"browserCookie\":").append(quoted(cookie));
            body.append(",\"initialCallbackUrl\":").append(quoted(callback));
        }
        return post("/mock/device-link", body.append('}').toString());
    }

    /** Moves the server's clock; dev only. */
    static void advanceClock(Duration by) {
        HttpResponse<String> answer = post("/control/v1/clock", "{\"advanceSeconds\":" + by.toSeconds() + "}");
        assertEquals(2, answer.statusCode() / 100, "POST /control/v1/clock: " + answer.statusCode() + " " + answer.body());
    }

    static HttpResponse<String> post(String path, String json) {
        return send(HttpRequest.newBuilder(URI.create(url() + path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json)));
    }

    static HttpResponse<String> get(String path) {
        return send(HttpRequest.newBuilder(URI.create(url() + path)).GET());
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return HTTP.send(request.timeout(Duration.ofSeconds(60)).build(), HttpResponse.BodyHandlers.ofString());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    static SessionStatus finish(SmartIdClient client, String sessionId) {
        SessionStatus status = client.getSessionStatusPoller().fetchFinalSessionStatus(sessionId);
        assertEquals("COMPLETE", status.getState());
        return status;
    }

    static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    static List<String> lines(String... rows) {
        List<String> all = new ArrayList<>();
        for (String row : rows) {
            all.addAll(List.of(row.trim().split("\\s+")));
        }
        return all;
    }
}
