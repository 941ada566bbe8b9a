package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import ee.sk.smartid.AuthenticationCertificateLevel;
import ee.sk.smartid.AuthenticationIdentity;
import ee.sk.smartid.CertificateLevel;
import ee.sk.smartid.DeviceLinkType;
import ee.sk.smartid.HashAlgorithm;
import ee.sk.smartid.RpChallenge;
import ee.sk.smartid.RpChallengeGenerator;
import ee.sk.smartid.SessionType;
import ee.sk.smartid.SignableData;
import ee.sk.smartid.SignatureResponse;
import ee.sk.smartid.SmartIdClient;
import ee.sk.smartid.VerificationCodeCalculator;
import ee.sk.smartid.exception.UnprocessableSmartIdResponseException;
import ee.sk.smartid.rest.dao.DeviceLinkAuthenticationSessionRequest;
import ee.sk.smartid.rest.dao.DeviceLinkSessionResponse;
import ee.sk.smartid.rest.dao.NotificationSignatureSessionResponse;
import ee.sk.smartid.rest.dao.SessionStatus;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Somebody holds a web phone with the document `countersign.webphone.document`, reads what is printed here, and answers:
 * `CODE what 1234` is to be compared, `LINK url` is what the QR code of this second holds, and `ACCEPTED what` follows when every
 * validator of the client has agreed. web/e2e is that somebody.
 */
class WebPhoneTest {

    private static final String DOCUMENT = System.getProperty("countersign.webphone.document", "");

    private final SmartIdClient client = World.client();

    @Test
    void the_holder_of_the_phone_logs_in_twice_and_signs() {
        assumeFalse(DOCUMENT.isEmpty(), "countersign.webphone.document is not set");
        a_notification_logs_in();
        a_qr_code_logs_in();
        a_notification_signs();
    }

    private void a_notification_logs_in() {
        RpChallenge challenge = RpChallengeGenerator.generate();
        var builder = client.createNotificationAuthentication()
                .withDocumentNumber(DOCUMENT)
                .withRpChallenge(challenge.toBase64EncodedValue())
                .withCertificateLevel(AuthenticationCertificateLevel.QUALIFIED)
                .withInteractions(World.notificationText());
        String session = builder.initAuthenticationSession().sessionID();
        say("CODE authentication " + VerificationCodeCalculator.calculate(challenge.value()));
        SessionStatus status = World.finish(client, session);
        isTheHolder(status, World.notificationAuthentication()
                .validate(status, builder.getAuthenticationSessionRequest(), World.SCHEME));
        assertEquals("Notification", status.getSignature().getFlowType());
        say("ACCEPTED notification");
    }

    private void a_qr_code_logs_in() {
        var builder = client.createDeviceLinkAuthentication()
                .withRpChallenge(RpChallengeGenerator.generate().toBase64EncodedValue())
                .withCertificateLevel(AuthenticationCertificateLevel.QUALIFIED)
                .withInteractions(World.deviceLinkText());
        DeviceLinkSessionResponse session = builder.initAuthenticationSession();
        DeviceLinkAuthenticationSessionRequest sent = builder.getAuthenticationSessionRequest();
        SessionStatus status;
        // A new code each second, as the page of a relying party shows it.
        var page = Executors.newSingleThreadScheduledExecutor();
        try {
            page.scheduleAtFixedRate(() -> say("LINK " + World.deviceLink(client, session, DeviceLinkType.QR_CODE,
                    SessionType.AUTHENTICATION, sent.signatureProtocolParameters().rpChallenge(), sent.interactions(), null)),
                    0, 1, TimeUnit.SECONDS);
            status = World.finish(client, session.sessionID());
        } finally {
            page.shutdownNow();
        }
        isTheHolder(status, World.deviceLinkAuthentication().validate(status, sent, null, World.SCHEME));
        assertEquals("QR", status.getSignature().getFlowType());
        say("ACCEPTED link");
    }

    private void a_notification_signs() {
        byte[] data = ("A contract " + UUID.randomUUID()).getBytes(StandardCharsets.UTF_8);
        NotificationSignatureSessionResponse session = client.createNotificationSignature()
                .withDocumentNumber(DOCUMENT)
                .withCertificateLevel(CertificateLevel.QUALIFIED)
                .withSignableData(new SignableData(data, HashAlgorithm.SHA_512))
                .withInteractions(World.notificationText())
                .initSignatureSession();
        say("CODE signature " + session.vc().value());
        SessionStatus status = World.finish(client, session.sessionID());
        SignatureResponse signature = World.signatures().validate(status, CertificateLevel.QUALIFIED);
        assertEquals(DOCUMENT, signature.getDocumentNumber());
        World.signatureValues().validate(signature.getSignatureValue(), data, signature.getCertificate(), signature.getRsaSsaPssParameters());
        byte[] changed = data.clone();
        changed[0] ^= 1;
        assertThrows(UnprocessableSmartIdResponseException.class, () -> World.signatureValues().validate(
                signature.getSignatureValue(), changed, signature.getCertificate(), signature.getRsaSsaPssParameters()));
        assertEquals("Notification", status.getSignature().getFlowType());
        say("ACCEPTED signature");
    }

    private static void isTheHolder(SessionStatus status, AuthenticationIdentity identity) {
        assertEquals(DOCUMENT, status.getResult().getDocumentNumber());
        assertEquals(World.personCodeOf(DOCUMENT), "PNO" + identity.getCountry() + "-" + identity.getIdentityNumber());
    }

    private static void say(String line) {
        System.out.println(line);
    }
}
