package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ee.sk.smartid.AuthenticationCertificateLevel;
import ee.sk.smartid.AuthenticationIdentity;
import ee.sk.smartid.DeviceLinkAuthenticationSessionRequestBuilder;
import ee.sk.smartid.DeviceLinkType;
import ee.sk.smartid.RpChallengeGenerator;
import ee.sk.smartid.SessionType;
import ee.sk.smartid.SmartIdClient;
import ee.sk.smartid.common.devicelink.CallbackUrl;
import ee.sk.smartid.exception.SessionSecretMismatchException;
import ee.sk.smartid.exception.UnprocessableSmartIdResponseException;
import ee.sk.smartid.exception.permanent.ProtocolFailureException;
import ee.sk.smartid.rest.dao.DeviceLinkAuthenticationSessionRequest;
import ee.sk.smartid.rest.dao.DeviceLinkSessionResponse;
import ee.sk.smartid.rest.dao.SessionStatus;
import ee.sk.smartid.util.CallbackUrlUtil;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class DeviceLinkAuthenticationTest {

    private static final String DOCUMENT = "PNOEE-40404040009-MOCK-Q";

    /** Whom a session is addressed to. */
    enum Addressee { ANONYMOUS, ETSI, DOCUMENT }

    private final SmartIdClient client = World.client();

    @ParameterizedTest
    @EnumSource(Addressee.class)
    void a_qr_code_logs_in(Addressee addressee) {
        var builder = request(addressee, DOCUMENT);
        DeviceLinkSessionResponse session = builder.initAuthenticationSession();
        World.scan(DOCUMENT, link(session, builder, DeviceLinkType.QR_CODE, null));
        SessionStatus status = World.finish(client, session.sessionID());
        assertEquals("QR", status.getSignature().getFlowType());
        assertEquals(DOCUMENT, status.getResult().getDocumentNumber());
        AuthenticationIdentity identity = World.deviceLinkAuthentication()
                .validate(status, builder.getAuthenticationSessionRequest(), null, World.SCHEME);
        assertEquals("40404040009", identity.getIdentityNumber());
    }

    @ParameterizedTest
    @CsvSource({
        "WEB_2_APP, ANONYMOUS", "WEB_2_APP, ETSI", "WEB_2_APP, DOCUMENT",
        "APP_2_APP, ANONYMOUS", "APP_2_APP, ETSI", "APP_2_APP, DOCUMENT"})
    void a_link_on_the_same_device_logs_in_and_comes_back(DeviceLinkType type, Addressee addressee) throws Exception {
        try (var page = new CallbackServer()) {
            CallbackUrl callback = CallbackUrlUtil.createCallbackUrl(page.address());
            String url = callback.initialCallbackUri().toString();
            var builder = request(addressee, DOCUMENT).withInitialCallbackUrl(url);
            DeviceLinkSessionResponse session = builder.initAuthenticationSession();
            World.open(DOCUMENT, link(session, builder, type, url), type.getValue(), "a=b;c=d", url);

            CallbackServer.Call back = page.await();
            assertEquals("GET", back.method());
            assertEquals(List.of("value", "sessionSecretDigest", "userChallengeVerifier"), List.copyOf(back.query().keySet()));
            assertEquals(callback.urlToken(), back.query().get("value"));
            assertTrue(back.cookie() != null && back.cookie().contains("a=b") && back.cookie().contains("c=d"),
                    "cookies that came back: " + back.cookie());
            CallbackUrlUtil.validateSessionSecretDigest(back.query().get("sessionSecretDigest"), session.sessionSecret());

            SessionStatus status = World.finish(client, session.sessionID());
            assertEquals(type.getValue(), status.getSignature().getFlowType());
            DeviceLinkAuthenticationSessionRequest sent = builder.getAuthenticationSessionRequest();
            AuthenticationIdentity identity = World.deviceLinkAuthentication()
                    .validate(status, sent, back.query().get("userChallengeVerifier"), World.SCHEME);
            assertEquals("40404040009", identity.getIdentityNumber());

            // The same answers must not do for another verifier or another session's secret.
            assertThrows(UnprocessableSmartIdResponseException.class, () -> World.deviceLinkAuthentication()
                    .validate(status, sent, "XtPfaGa8JnGtYrJjboooUf0KfY9sMEHrWFpSQrsUv9c", World.SCHEME));
            assertThrows(SessionSecretMismatchException.class, () -> CallbackUrlUtil.validateSessionSecretDigest(
                    back.query().get("sessionSecretDigest"), "B98ODiVCebRedSwdTk51zFSaGYyHtY1H2A0ocAi3/Ps="));
        }
    }

    @Test
    void a_session_with_a_callback_may_still_be_taken_by_qr_code() {
        var builder = request(Addressee.ANONYMOUS, DOCUMENT).withInitialCallbackUrl("https://rp.example.org/back?value=RrKjjT4aggzu27YBddX1bQ");
        DeviceLinkSessionResponse session = builder.initAuthenticationSession();
        World.scan(DOCUMENT, link(session, builder, DeviceLinkType.QR_CODE, null));
        SessionStatus status = World.finish(client, session.sessionID());
        World.deviceLinkAuthentication().validate(status, builder.getAuthenticationSessionRequest(), null, World.SCHEME);
    }

    @Test
    void what_starts_a_session_is_never_told_twice() {
        DeviceLinkSessionResponse one = request(Addressee.ANONYMOUS, DOCUMENT).initAuthenticationSession();
        DeviceLinkSessionResponse two = request(Addressee.ANONYMOUS, DOCUMENT).initAuthenticationSession();
        assertNotEquals(one.sessionID(), two.sessionID());
        assertNotEquals(one.sessionToken(), two.sessionToken());
        assertNotEquals(one.sessionSecret(), two.sessionSecret());
        assertTrue(one.sessionToken().matches("[A-Za-z0-9]{24,}"), one.sessionToken());
        assertTrue(one.deviceLinkBase().toString().endsWith("/device-link"), one.deviceLinkBase().toString());
    }

    @Test
    void a_forged_auth_code_ends_the_session() {
        var builder = request(Addressee.ANONYMOUS, DOCUMENT);
        DeviceLinkSessionResponse session = builder.initAuthenticationSession();
        String link = link(session, builder, DeviceLinkType.QR_CODE, null);
        String forged = link.substring(0, link.length() - 43) + "A".repeat(43);
        World.scan(DOCUMENT, forged);
        SessionStatus status = World.finish(client, session.sessionID());
        assertThrows(ProtocolFailureException.class, () -> World.deviceLinkAuthentication()
                .validate(status, builder.getAuthenticationSessionRequest(), null, World.SCHEME));
    }

    @Test
    void a_photographed_code_is_too_old_and_a_fresh_one_still_works() {
        var builder = request(Addressee.ANONYMOUS, DOCUMENT);
        DeviceLinkSessionResponse session = builder.initAuthenticationSession();
        String stale = client.createDynamicContent()
                .withSchemeName(World.SCHEME)
                .withDeviceLinkBase(session.deviceLinkBase().toString())
                .withDeviceLinkType(DeviceLinkType.QR_CODE)
                .withSessionType(SessionType.AUTHENTICATION)
                .withSessionToken(session.sessionToken())
                .withElapsedSeconds(60L)
                .withLang("est")
                .withDigest(builder.getAuthenticationSessionRequest().signatureProtocolParameters().rpChallenge())
                .withInteractions(builder.getAuthenticationSessionRequest().interactions())
                .buildDeviceLink(session.sessionSecret()).toString();
        World.scan(DOCUMENT, stale);
        String state = World.get("/smart-id-rp/v3/session/" + session.sessionID() + "?timeoutMs=1000").body();
        assertTrue(state.contains("RUNNING"), state);

        World.scan(DOCUMENT, link(session, builder, DeviceLinkType.QR_CODE, null));
        World.deviceLinkAuthentication().validate(World.finish(client, session.sessionID()),
                builder.getAuthenticationSessionRequest(), null, World.SCHEME);
    }

    @Test
    void a_link_meant_for_someone_else_does_nothing() {
        var builder = request(Addressee.ETSI, DOCUMENT);
        DeviceLinkSessionResponse session = builder.initAuthenticationSession();
        World.scan("PNOLT-40404040009-MOCK-Q", link(session, builder, DeviceLinkType.QR_CODE, null));
        String state = World.get("/smart-id-rp/v3/session/" + session.sessionID() + "?timeoutMs=1000").body();
        assertTrue(state.contains("RUNNING"), state);

        World.scan(DOCUMENT, link(session, builder, DeviceLinkType.QR_CODE, null));
        World.deviceLinkAuthentication().validate(World.finish(client, session.sessionID()),
                builder.getAuthenticationSessionRequest(), null, World.SCHEME);
    }

    static List<String> everyone() {
        return Persons.okByDeviceLink();
    }

    @ParameterizedTest
    @MethodSource("everyone")
    void every_documented_person_scans_a_qr_code(String document) {
        var level = World.isQualified(document) ? AuthenticationCertificateLevel.QUALIFIED : AuthenticationCertificateLevel.ADVANCED;
        var builder = request(Addressee.ANONYMOUS, document).withCertificateLevel(level);
        DeviceLinkSessionResponse session = builder.initAuthenticationSession();
        World.scan(document, link(session, builder, DeviceLinkType.QR_CODE, null));
        SessionStatus status = World.finish(client, session.sessionID());
        AuthenticationIdentity identity = World.deviceLinkAuthentication()
                .validate(status, builder.getAuthenticationSessionRequest(), null, World.SCHEME);
        assertEquals(document, status.getResult().getDocumentNumber());
        assertEquals(World.personCodeOf(document), "PNO" + identity.getCountry() + "-" + identity.getIdentityNumber());
    }

    private DeviceLinkAuthenticationSessionRequestBuilder request(Addressee addressee, String document) {
        var builder = client.createDeviceLinkAuthentication()
                .withRpChallenge(RpChallengeGenerator.generate().toBase64EncodedValue())
                // Its validator fails on a request that leaves the level to the default.
                .withCertificateLevel(AuthenticationCertificateLevel.QUALIFIED)
                .withInteractions(World.deviceLinkText());
        return switch (addressee) {
            case ANONYMOUS -> builder;
            case ETSI -> builder.withSemanticsIdentifier(World.personOf(document));
            case DOCUMENT -> builder.withDocumentNumber(document);
        };
    }

    private String link(DeviceLinkSessionResponse session, DeviceLinkAuthenticationSessionRequestBuilder builder,
            DeviceLinkType type, String callback) {
        DeviceLinkAuthenticationSessionRequest sent = builder.getAuthenticationSessionRequest();
        return World.deviceLink(client, session, type, SessionType.AUTHENTICATION,
                sent.signatureProtocolParameters().rpChallenge(), sent.interactions(), callback);
    }
}
