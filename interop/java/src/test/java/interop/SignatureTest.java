package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ee.sk.smartid.CertificateChoiceResponse;
import ee.sk.smartid.CertificateLevel;
import ee.sk.smartid.DeviceLinkSignatureSessionRequestBuilder;
import ee.sk.smartid.DeviceLinkType;
import ee.sk.smartid.HashAlgorithm;
import ee.sk.smartid.SessionType;
import ee.sk.smartid.SignableData;
import ee.sk.smartid.SignableHash;
import ee.sk.smartid.SignatureResponse;
import ee.sk.smartid.SmartIdClient;
import ee.sk.smartid.common.devicelink.CallbackUrl;
import ee.sk.smartid.exception.UnprocessableSmartIdResponseException;
import ee.sk.smartid.exception.permanent.ExpectedLinkedSessionException;
import ee.sk.smartid.rest.dao.DeviceLinkSessionResponse;
import ee.sk.smartid.rest.dao.DeviceLinkSignatureSessionRequest;
import ee.sk.smartid.rest.dao.NotificationSignatureSessionResponse;
import ee.sk.smartid.rest.dao.SessionStatus;
import ee.sk.smartid.util.CallbackUrlUtil;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignatureTest {

    private static final String SILENT = "PNOEE-30403039983-MOCK-Q";
    private static final String NOTIFIED = "PNOEE-40504040001-DEM0-Q";
    private static final String LINKED = "PNOEE-40404040009-MOCK-Q";

    private final SmartIdClient client = World.client();

    // Notification

    @ParameterizedTest
    @EnumSource(HashAlgorithm.class)
    void a_notification_by_document_number_signs_with_every_hash(HashAlgorithm hash) {
        byte[] data = something();
        NotificationSignatureSessionResponse session = client.createNotificationSignature()
                .withDocumentNumber(NOTIFIED)
                .withCertificateLevel(CertificateLevel.QUALIFIED)
                .withSignableData(new SignableData(data, hash))
                .withInteractions(World.notificationText())
                .initSignatureSession();
        assertEquals("numeric4", session.vc().type());
        assertTrue(session.vc().value().matches("[0-9]{4}"), session.vc().value());
        verify(World.finish(client, session.sessionID()), data, "Notification", NOTIFIED, CertificateLevel.QUALIFIED);
    }

    @ParameterizedTest
    @EnumSource(CertificateLevel.class)
    void a_notification_by_semantics_identifier_signs_at_every_level(CertificateLevel level) {
        byte[] data = something();
        String session = client.createNotificationSignature()
                .withSemanticsIdentifier(World.personOf(NOTIFIED))
                .withCertificateLevel(level)
                .withSignableData(new SignableData(data))
                .withInteractions(World.notificationText())
                .initSignatureSession()
                .sessionID();
        verify(World.finish(client, session), data, "Notification", NOTIFIED, level);
    }

    @Test
    void an_advanced_person_signs() {
        String document = "PNOLT-40504049999-MOCK-NQ";
        byte[] data = something();
        String session = client.createNotificationSignature()
                .withDocumentNumber(document)
                .withCertificateLevel(CertificateLevel.ADVANCED)
                .withSignableData(new SignableData(data, HashAlgorithm.SHA_256))
                .withInteractions(World.notificationText())
                .initSignatureSession()
                .sessionID();
        SignatureResponse signature = verify(World.finish(client, session), data, "Notification", document, CertificateLevel.ADVANCED);
        assertEquals(CertificateLevel.ADVANCED, signature.getCertificateLevel());
    }

    @Test
    void a_digest_is_signed_as_it_is_and_not_hashed_again() throws Exception {
        byte[] data = something();
        byte[] digest = MessageDigest.getInstance("SHA-384").digest(data);
        String session = client.createNotificationSignature()
                .withDocumentNumber(NOTIFIED)
                .withSignableHash(new SignableHash(digest, HashAlgorithm.SHA_384))
                .withInteractions(World.notificationText())
                .initSignatureSession()
                .sessionID();
        verify(World.finish(client, session), data, "Notification", NOTIFIED, CertificateLevel.QUALIFIED);
    }

    @Test
    void the_same_request_twice_is_one_session_unless_a_nonce_tells_them_apart() {
        // Only while the first one runs: so with somebody who does not answer.
        byte[] data = something();
        assertEquals(startPlain(SILENT, data, null), startPlain(SILENT, data, null));
        byte[] other = something();
        String one = startPlain(NOTIFIED, other, "one");
        String two = startPlain(NOTIFIED, other, "two");
        assertFalse(one.equals(two));
        World.finish(client, one);
        World.finish(client, two);
    }

    private String startPlain(String document, byte[] data, String nonce) {
        var builder = client.createNotificationSignature()
                .withDocumentNumber(document)
                .withSignableData(new SignableData(data))
                .withInteractions(World.notificationText());
        if (nonce != null) {
            builder.withNonce(nonce);
        }
        return builder.initSignatureSession().sessionID();
    }

    // Device link

    @ParameterizedTest
    @EnumSource(HashAlgorithm.class)
    void a_qr_code_by_document_number_signs_with_every_hash(HashAlgorithm hash) {
        byte[] data = something();
        var builder = deviceLink(data, hash).withDocumentNumber(LINKED);
        DeviceLinkSessionResponse session = builder.initSignatureSession();
        World.scan(LINKED, link(session, builder, DeviceLinkType.QR_CODE, null));
        verify(World.finish(client, session.sessionID()), data, "QR", LINKED, CertificateLevel.QUALIFIED);
    }

    @Test
    void a_qr_code_by_semantics_identifier_signs() {
        byte[] data = something();
        var builder = deviceLink(data, HashAlgorithm.SHA_512).withSemanticsIdentifier(World.personOf(LINKED));
        DeviceLinkSessionResponse session = builder.initSignatureSession();
        World.scan(LINKED, link(session, builder, DeviceLinkType.QR_CODE, null));
        verify(World.finish(client, session.sessionID()), data, "QR", LINKED, CertificateLevel.QUALIFIED);
    }

    @ParameterizedTest
    @EnumSource(value = DeviceLinkType.class, names = {"WEB_2_APP", "APP_2_APP"})
    void a_link_on_the_same_device_signs_and_comes_back(DeviceLinkType type) throws Exception {
        try (var page = new CallbackServer()) {
            CallbackUrl callback = CallbackUrlUtil.createCallbackUrl(page.address());
            String url = callback.initialCallbackUri().toString();
            byte[] data = something();
            var builder = deviceLink(data, HashAlgorithm.SHA_256).withSemanticsIdentifier(World.personOf(LINKED)).withInitialCallbackUrl(url);
            DeviceLinkSessionResponse session = builder.initSignatureSession();
            World.open(LINKED, link(session, builder, type, url), type.getValue(), "a=b", url);
            CallbackServer.Call back = page.await();
            assertEquals(List.of("value", "sessionSecretDigest"), List.copyOf(back.query().keySet()));
            assertEquals(callback.urlToken(), back.query().get("value"));
            CallbackUrlUtil.validateSessionSecretDigest(back.query().get("sessionSecretDigest"), session.sessionSecret());
            verify(World.finish(client, session.sessionID()), data, type.getValue(), LINKED, CertificateLevel.QUALIFIED);
        }
    }

    // Certificate choice by device link, which a linked signature must follow

    @ParameterizedTest
    @ValueSource(strings = {"PNOEE-40404040009-MOCK-Q", "PNOLV-040404-10003-DEMO-Q", "PNOBE-04040400287-MOCK-Q"})
    void a_choice_by_qr_code_and_the_signature_linked_to_it(String document) throws Exception {
        DeviceLinkSessionResponse choiceSession = client.createDeviceLinkCertificateRequest()
                .withCertificateLevel(CertificateLevel.QUALIFIED)
                .withNonce(nonce())
                .initCertificateChoice();
        String link = World.deviceLink(client, choiceSession, DeviceLinkType.QR_CODE, SessionType.CERTIFICATE_CHOICE, null, null, null);
        // The device stays in the foreground after the choice: its call is not waited for here.
        var device = CompletableFuture.runAsync(() -> World.scan(document, link));
        SessionStatus status = World.finish(client, choiceSession.sessionID());
        assertEquals("QR", status.getSignature().getFlowType());
        CertificateChoiceResponse choice = World.certificateChoices().validate(status, CertificateLevel.QUALIFIED);
        assertEquals(document, choice.getDocumentNumber());

        byte[] data = something();
        SessionStatus signed = World.finish(client, linked(choice.getDocumentNumber(), choiceSession.sessionID(), data));
        SignatureResponse signature = verify(signed, data, "Notification", document, CertificateLevel.QUALIFIED);
        assertEquals(choice.getCertificate(), signature.getCertificate());
        device.get(20, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @EnumSource(value = DeviceLinkType.class, names = {"WEB_2_APP", "APP_2_APP"})
    void the_callback_of_a_choice_waits_for_the_linked_signature(DeviceLinkType type) throws Exception {
        try (var page = new CallbackServer()) {
            CallbackUrl callback = CallbackUrlUtil.createCallbackUrl(page.address());
            String url = callback.initialCallbackUri().toString();
            DeviceLinkSessionResponse choiceSession = client.createDeviceLinkCertificateRequest()
                    .withCertificateLevel(CertificateLevel.QUALIFIED)
                    .withNonce(nonce())
                    .withInitialCallbackUrl(url)
                    .initCertificateChoice();
            String link = World.deviceLink(client, choiceSession, type, SessionType.CERTIFICATE_CHOICE, null, null, url);
            var device = CompletableFuture.runAsync(() -> World.open(LINKED, link, type.getValue(), "a=b", url));
            SessionStatus status = World.finish(client, choiceSession.sessionID());
            assertEquals(type.getValue(), status.getSignature().getFlowType());
            CertificateChoiceResponse choice = World.certificateChoices().validate(status, CertificateLevel.QUALIFIED);
            assertFalse(page.wasOpened(), "the callback was opened before the linked signature");

            byte[] data = something();
            SessionStatus signed = World.finish(client, linked(choice.getDocumentNumber(), choiceSession.sessionID(), data));
            verify(signed, data, "Notification", LINKED, CertificateLevel.QUALIFIED);
            CallbackServer.Call back = page.await();
            assertEquals(List.of("value", "sessionSecretDigest"), List.copyOf(back.query().keySet()));
            CallbackUrlUtil.validateSessionSecretDigest(back.query().get("sessionSecretDigest"), choiceSession.sessionSecret());
            device.get(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void a_plain_signature_after_a_choice_by_device_link_is_told_so() throws Exception {
        String document = "PNOLT-40404040009-MOCK-Q";
        DeviceLinkSessionResponse choiceSession = client.createDeviceLinkCertificateRequest()
                .withCertificateLevel(CertificateLevel.QUALIFIED)
                .withNonce(nonce())
                .initCertificateChoice();
        String link = World.deviceLink(client, choiceSession, DeviceLinkType.QR_CODE, SessionType.CERTIFICATE_CHOICE, null, null, null);
        CompletableFuture.runAsync(() -> World.scan(document, link));
        World.certificateChoices().validate(World.finish(client, choiceSession.sessionID()), CertificateLevel.QUALIFIED);

        String session = client.createNotificationSignature()
                .withDocumentNumber(document)
                .withSignableData(new SignableData(something()))
                .withInteractions(World.notificationText())
                .initSignatureSession()
                .sessionID();
        SessionStatus status = World.finish(client, session);
        assertThrows(ExpectedLinkedSessionException.class, () -> World.signatures().validate(status, CertificateLevel.QUALIFIED));
    }

    private String linked(String document, String choiceSession, byte[] data) {
        return client.createLinkedNotificationSignature()
                .withDocumentNumber(document)
                .withLinkedSessionID(choiceSession)
                .withSignableData(new SignableData(data, HashAlgorithm.SHA_256))
                .withInteractions(World.deviceLinkText())
                .initSignatureSession()
                .sessionID();
    }

    private DeviceLinkSignatureSessionRequestBuilder deviceLink(byte[] data, HashAlgorithm hash) {
        return client.createDeviceLinkSignature()
                .withCertificateLevel(CertificateLevel.QUALIFIED)
                .withSignableData(new SignableData(data, hash))
                .withInteractions(World.deviceLinkText());
    }

    private String link(DeviceLinkSessionResponse session, DeviceLinkSignatureSessionRequestBuilder builder,
            DeviceLinkType type, String callback) {
        DeviceLinkSignatureSessionRequest sent = builder.getSignatureSessionRequest();
        return World.deviceLink(client, session, type, SessionType.SIGNATURE,
                sent.signatureProtocolParameters().digest(), sent.interactions(), callback);
    }

    private static SignatureResponse verify(SessionStatus status, byte[] data, String flow, String document, CertificateLevel level) {
        SignatureResponse signature = World.signatures().validate(status, level);
        assertEquals(document, signature.getDocumentNumber());
        assertEquals(flow, status.getSignature().getFlowType());
        // The library's validator hashes what it is given, so it gets the data itself.
        World.signatureValues().validate(signature.getSignatureValue(), data, signature.getCertificate(), signature.getRsaSsaPssParameters());
        byte[] changed = data.clone();
        changed[0] ^= 1;
        assertThrows(UnprocessableSmartIdResponseException.class, () -> World.signatureValues().validate(
                signature.getSignatureValue(), changed, signature.getCertificate(), signature.getRsaSsaPssParameters()));
        return signature;
    }

    private static byte[] something() {
        return ("Countersign interop " + UUID.randomUUID()).getBytes(StandardCharsets.UTF_8);
    }

    private static String nonce() {
        return UUID.randomUUID().toString().substring(0, 23);
    }
}
