package interop;

import static org.junit.jupiter.api.Assertions.assertThrows;

import ee.sk.smartid.AuthenticationCertificateLevel;
import ee.sk.smartid.CertificateLevel;
import ee.sk.smartid.NotificationAuthenticationSessionRequestBuilder;
import ee.sk.smartid.RpChallengeGenerator;
import ee.sk.smartid.SignableData;
import ee.sk.smartid.SmartIdClient;
import ee.sk.smartid.exception.SessionNotFoundException;
import ee.sk.smartid.exception.permanent.RelyingPartyAccountConfigurationException;
import ee.sk.smartid.exception.permanent.SmartIdClientException;
import ee.sk.smartid.exception.useraccount.UserAccountNotFoundException;
import ee.sk.smartid.rest.dao.SemanticsIdentifier;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Requests that must be turned down, and as what the library reports them. */
class RequestErrorTest {

    private static final String DOCUMENT = "PNOEE-40504040001-DEM0-Q";

    private final SmartIdClient client = World.client();

    @Test
    void an_unknown_person_is_not_found() {
        assertThrows(UserAccountNotFoundException.class,
                () -> request(client).withSemanticsIdentifier(new SemanticsIdentifier("PNOEE-38001010014")).initAuthenticationSession());
    }

    @Test
    void an_unknown_document_is_not_found() {
        assertThrows(UserAccountNotFoundException.class,
                () -> request(client).withDocumentNumber("PNOEE-38001010014-MOCK-Q").initAuthenticationSession());
        assertThrows(UserAccountNotFoundException.class,
                () -> client.createCertificateByDocumentNumber().withDocumentNumber("PNOEE-38001010014-MOCK-Q").getCertificateByDocumentNumber());
    }

    @Test
    void an_account_below_the_asked_level_is_not_found() {
        assertThrows(UserAccountNotFoundException.class,
                () -> request(client).withSemanticsIdentifier(World.personOf("PNOLT-40504049999-MOCK-NQ")).initAuthenticationSession());
        assertThrows(UserAccountNotFoundException.class,
                () -> request(client).withDocumentNumber("PNOLT-40504049999-MOCK-NQ").initAuthenticationSession());
    }

    @Test
    void a_wrong_relying_party_uuid_is_refused() {
        SmartIdClient stranger = World.client("11111111-1111-4111-8111-111111111111", World.RP_NAME);
        assertThrows(RelyingPartyAccountConfigurationException.class,
                () -> request(stranger).withDocumentNumber(DOCUMENT).initAuthenticationSession());
    }

    @Test
    void a_wrong_relying_party_name_is_refused() {
        SmartIdClient stranger = World.client(World.RP_UUID, "SOMEBODY ELSE");
        assertThrows(RelyingPartyAccountConfigurationException.class,
                () -> request(stranger).withDocumentNumber(DOCUMENT).initAuthenticationSession());
    }

    @Test
    void a_capability_that_was_not_agreed_is_refused() {
        assertThrows(RelyingPartyAccountConfigurationException.class,
                () -> request(client).withDocumentNumber(DOCUMENT).withCapabilities("NOT-AGREED").initAuthenticationSession());
    }

    @Test
    void an_unknown_session_is_not_found() {
        assertThrows(SessionNotFoundException.class,
                () -> client.getSessionStatusPoller().getSessionStatus(UUID.randomUUID().toString()));
    }

    @Test
    void a_signature_linked_to_nothing_is_a_bad_request() {
        var error = assertThrows(SmartIdClientException.class, () -> client.createLinkedNotificationSignature()
                .withDocumentNumber("PNOEE-40404040009-MOCK-Q")
                .withLinkedSessionID(UUID.randomUUID().toString())
                .withCertificateLevel(CertificateLevel.QUALIFIED)
                .withSignableData(new SignableData("x".getBytes(StandardCharsets.UTF_8)))
                .withInteractions(World.deviceLinkText())
                .initSignatureSession());
        org.junit.jupiter.api.Assertions.assertEquals("Server refused the request", error.getMessage());
    }

    private static NotificationAuthenticationSessionRequestBuilder request(SmartIdClient client) {
        return client.createNotificationAuthentication()
                .withRpChallenge(RpChallengeGenerator.generate().toBase64EncodedValue())
                .withCertificateLevel(AuthenticationCertificateLevel.QUALIFIED)
                .withInteractions(World.notificationText());
    }
}
