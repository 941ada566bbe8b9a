package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ee.sk.smartid.AuthenticationCertificateLevel;
import ee.sk.smartid.AuthenticationIdentity;
import ee.sk.smartid.HashAlgorithm;
import ee.sk.smartid.NotificationAuthenticationSessionRequestBuilder;
import ee.sk.smartid.RpChallenge;
import ee.sk.smartid.RpChallengeGenerator;
import ee.sk.smartid.SmartIdClient;
import ee.sk.smartid.VerificationCodeCalculator;
import ee.sk.smartid.common.notification.interactions.NotificationInteraction;
import ee.sk.smartid.exception.permanent.RelyingPartyAccountConfigurationException;
import ee.sk.smartid.rest.dao.SessionStatus;
import java.time.LocalDate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class NotificationAuthenticationTest {

    private static final String DOCUMENT = "PNOEE-40504040001-DEM0-Q";

    private final SmartIdClient client = World.client();

    @Test
    void a_person_logs_in_by_semantics_identifier() {
        AuthenticationIdentity identity = logIn(request().withSemanticsIdentifier(World.personOf(DOCUMENT)));
        assertEquals("EE", identity.getCountry());
        assertEquals("40504040001", identity.getIdentityNumber());
        assertEquals(LocalDate.of(1905, 4, 4), identity.getDateOfBirth().orElseThrow());
        assertFalse(identity.getGivenName().isEmpty());
        assertFalse(identity.getSurname().isEmpty());
    }

    @Test
    void a_person_logs_in_by_document_number() {
        AuthenticationIdentity identity = logIn(request().withDocumentNumber(DOCUMENT));
        assertEquals("40504040001", identity.getIdentityNumber());
    }

    @ParameterizedTest
    @EnumSource(HashAlgorithm.class)
    void every_hash_algorithm_signs_the_login(HashAlgorithm hash) {
        var builder = request().withDocumentNumber(DOCUMENT).withHashAlgorithm(hash);
        String session = builder.initAuthenticationSession().sessionID();
        SessionStatus status = World.finish(client, session);
        assertEquals(hash.getAlgorithmName(), status.getSignature().getSignatureAlgorithmParameters().getHashAlgorithm());
        World.notificationAuthentication().validate(status, builder.getAuthenticationSessionRequest(), World.SCHEME);
    }

    @Test
    void the_first_interaction_is_the_one_used() {
        assertEquals("confirmationMessage", interactionUsed(
                NotificationInteraction.confirmationMessage("Kinnitan makse 10 € Näidis OÜ-le"),
                NotificationInteraction.displayTextAndPin("Makse")));
        assertEquals("confirmationMessageAndVerificationCodeChoice", interactionUsed(
                NotificationInteraction.confirmationMessageAndVerificationCodeChoice("Подтверждаю"),
                NotificationInteraction.displayTextAndPin("Вход")));
        assertEquals("displayTextAndPIN", interactionUsed(NotificationInteraction.displayTextAndPin("Tere")));
    }

    private String interactionUsed(NotificationInteraction... interactions) {
        var builder = request().withDocumentNumber(DOCUMENT).withInteractions(List.of(interactions));
        SessionStatus status = World.finish(client, builder.initAuthenticationSession().sessionID());
        World.notificationAuthentication().validate(status, builder.getAuthenticationSessionRequest(), World.SCHEME);
        return status.getInteractionTypeUsed();
    }

    @Test
    void a_challenge_of_any_allowed_length_is_signed() {
        for (int size : new int[] {32, 47, 64}) {
            RpChallenge challenge = RpChallengeGenerator.generate(size);
            assertTrue(VerificationCodeCalculator.calculate(challenge.value()).matches("[0-9]{4}"));
            logIn(request().withRpChallenge(challenge.toBase64EncodedValue()).withDocumentNumber(DOCUMENT));
        }
    }

    @Test
    void the_name_of_the_relying_party_is_signed_as_it_was_sent() {
        SmartIdClient small = World.client(World.RP_UUID, "demo");
        var builder = small.createNotificationAuthentication()
                .withRpChallenge(RpChallengeGenerator.generate().toBase64EncodedValue())
                .withCertificateLevel(AuthenticationCertificateLevel.QUALIFIED)
                .withInteractions(World.notificationText())
                .withDocumentNumber(DOCUMENT);
        SessionStatus status = World.finish(small, builder.initAuthenticationSession().sessionID());
        World.notificationAuthentication().validate(status, builder.getAuthenticationSessionRequest(), World.SCHEME);
    }

    @Test
    void a_finished_session_can_be_read_again() {
        String session = request().withDocumentNumber(DOCUMENT).initAuthenticationSession().sessionID();
        String first = World.finish(client, session).getSignature().getValue();
        assertEquals(first, World.finish(client, session).getSignature().getValue());
    }

    @Test
    void the_address_of_the_phone_is_shared_only_with_permission() {
        var builder = request().withDocumentNumber(DOCUMENT).withShareMdClientIpAddress(true);
        SessionStatus status;
        try {
            status = World.finish(client, builder.initAuthenticationSession().sessionID());
        } catch (RelyingPartyAccountConfigurationException refused) {
            return; // The documented default: 403 at once.
        }
        assertNotNull(status.getDeviceIpAddress(), "the request was accepted, so the address is owed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PNOLV-329999-99901-MOCK-Q", "PNOLV-311299-19993-MOCK-Q"})
    void the_date_of_birth_is_read_from_the_certificate(String document) {
        assertTrue(logIn(request().withDocumentNumber(document)).getDateOfBirth().isPresent());
    }

    @Test
    void a_number_without_a_date_and_a_certificate_without_one_give_no_birthday() {
        assertTrue(logIn(request().withDocumentNumber("PNOLV-329999-99709-MOCK-Q")).getDateOfBirth().isEmpty());
    }

    static List<String> everyone() {
        return Persons.okByNotification();
    }

    @ParameterizedTest
    @MethodSource("everyone")
    void every_documented_person_logs_in(String document) {
        var level = World.isQualified(document) ? AuthenticationCertificateLevel.QUALIFIED : AuthenticationCertificateLevel.ADVANCED;
        var builder = request().withCertificateLevel(level).withDocumentNumber(document);
        SessionStatus status = World.finish(client, builder.initAuthenticationSession().sessionID());
        AuthenticationIdentity identity = World.notificationAuthentication()
                .validate(status, builder.getAuthenticationSessionRequest(), World.SCHEME);
        assertEquals(document, status.getResult().getDocumentNumber());
        assertEquals(level.name(), status.getCert().getCertificateLevel());
        assertEquals(World.personCodeOf(document), "PNO" + identity.getCountry() + "-" + identity.getIdentityNumber());
    }

    private NotificationAuthenticationSessionRequestBuilder request() {
        return client.createNotificationAuthentication()
                .withRpChallenge(RpChallengeGenerator.generate().toBase64EncodedValue())
                .withCertificateLevel(AuthenticationCertificateLevel.QUALIFIED)
                .withInteractions(World.notificationText());
    }

    private AuthenticationIdentity logIn(NotificationAuthenticationSessionRequestBuilder builder) {
        SessionStatus status = World.finish(client, builder.initAuthenticationSession().sessionID());
        assertEquals("Notification", status.getSignature().getFlowType());
        return World.notificationAuthentication().validate(status, builder.getAuthenticationSessionRequest(), World.SCHEME);
    }
}
