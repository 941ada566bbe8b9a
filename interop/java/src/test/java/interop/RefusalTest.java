package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ee.sk.smartid.AuthenticationCertificateLevel;
import ee.sk.smartid.CertificateLevel;
import ee.sk.smartid.DeviceLinkType;
import ee.sk.smartid.NotificationAuthenticationSessionRequestBuilder;
import ee.sk.smartid.RpChallengeGenerator;
import ee.sk.smartid.SessionType;
import ee.sk.smartid.SignableData;
import ee.sk.smartid.SmartIdClient;
import ee.sk.smartid.common.notification.interactions.NotificationInteraction;
import ee.sk.smartid.exception.UnprocessableSmartIdResponseException;
import ee.sk.smartid.exception.useraction.UserRefusedConfirmationMessageException;
import ee.sk.smartid.exception.useraction.UserRefusedConfirmationMessageWithVerificationChoiceException;
import ee.sk.smartid.exception.useraction.UserRefusedDisplayTextAndPinException;
import ee.sk.smartid.exception.useraction.UserRefusedException;
import ee.sk.smartid.exception.useraction.UserSelectedWrongVerificationCodeException;
import ee.sk.smartid.rest.dao.DeviceLinkSessionResponse;
import ee.sk.smartid.rest.dao.SessionStatus;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every scripted refusal, in every country. */
class RefusalTest {

    private final SmartIdClient client = World.client();

    static Stream<Persons.Refusal> everyone() {
        return Persons.refusals();
    }

    static Stream<Persons.Refusal> estonians() {
        return Persons.refusals().filter(refusal -> refusal.documentNumber().startsWith("PNOEE"));
    }

    @ParameterizedTest
    @MethodSource("everyone")
    void a_login_is_refused_as_documented(Persons.Refusal refusal) {
        var builder = authentication(offer(refusal)).withDocumentNumber(refusal.documentNumber());
        SessionStatus status = World.finish(client, builder.initAuthenticationSession().sessionID());
        check(refusal, status);
        assertThrows(exception(refusal), () -> World.notificationAuthentication()
                .validate(status, builder.getAuthenticationSessionRequest(), World.SCHEME));
    }

    @ParameterizedTest
    @MethodSource("estonians")
    void the_outcome_is_the_persons_even_when_only_a_pin_was_asked_for(Persons.Refusal refusal) {
        var builder = authentication(World.notificationText()).withSemanticsIdentifier(World.personOf(refusal.documentNumber()));
        SessionStatus status = World.finish(client, builder.initAuthenticationSession().sessionID());
        check(refusal, status);
    }

    @ParameterizedTest
    @MethodSource("estonians")
    void a_signature_is_refused_as_documented(Persons.Refusal refusal) {
        String session = client.createNotificationSignature()
                .withDocumentNumber(refusal.documentNumber())
                .withSignableData(new SignableData(UUID.randomUUID().toString().getBytes(StandardCharsets.UTF_8)))
                .withInteractions(offer(refusal))
                .initSignatureSession()
                .sessionID();
        SessionStatus status = World.finish(client, session);
        check(refusal, status);
        assertThrows(exception(refusal), () -> World.signatures().validate(status, CertificateLevel.QUALIFIED));
    }

    @Test
    void a_scanned_login_is_refused_too() {
        String document = "PNOEE-30403039917-MOCK-Q";
        var builder = client.createDeviceLinkAuthentication()
                .withRpChallenge(RpChallengeGenerator.generate().toBase64EncodedValue())
                .withCertificateLevel(AuthenticationCertificateLevel.QUALIFIED)
                .withInteractions(World.deviceLinkText());
        DeviceLinkSessionResponse session = builder.initAuthenticationSession();
        World.scan(document, World.deviceLink(client, session, DeviceLinkType.QR_CODE, SessionType.AUTHENTICATION,
                builder.getAuthenticationSessionRequest().signatureProtocolParameters().rpChallenge(),
                builder.getAuthenticationSessionRequest().interactions(), null));
        SessionStatus status = World.finish(client, session.sessionID());
        assertThrows(UserRefusedException.class, () -> World.deviceLinkAuthentication()
                .validate(status, builder.getAuthenticationSessionRequest(), null, World.SCHEME));
    }

    private NotificationAuthenticationSessionRequestBuilder authentication(List<NotificationInteraction> interactions) {
        return client.createNotificationAuthentication()
                .withRpChallenge(RpChallengeGenerator.generate().toBase64EncodedValue())
                .withCertificateLevel(AuthenticationCertificateLevel.QUALIFIED)
                .withInteractions(interactions);
    }

    /** What a relying party would have asked for to see this refusal. */
    private static List<NotificationInteraction> offer(Persons.Refusal refusal) {
        var pin = NotificationInteraction.displayTextAndPin("Countersign interop");
        if ("WRONG_VC".equals(refusal.endResult()) || "confirmationMessageAndVerificationCodeChoice".equals(refusal.interaction())) {
            return List.of(NotificationInteraction.confirmationMessageAndVerificationCodeChoice("Countersign interop"), pin);
        }
        if ("confirmationMessage".equals(refusal.interaction())) {
            return List.of(NotificationInteraction.confirmationMessage("Countersign interop"), pin);
        }
        return List.of(pin);
    }

    private static void check(Persons.Refusal refusal, SessionStatus status) {
        assertEquals(refusal.endResult(), status.getResult().getEndResult());
        if (refusal.interaction() != null) {
            assertEquals(refusal.interaction(), status.getResult().getDetails().getInteraction());
        }
        assertNull(status.getSignature(), "a refusal carries no signature");
        assertNull(status.getCert(), "a refusal carries no certificate");
    }

    private static Class<? extends Exception> exception(Persons.Refusal refusal) {
        return switch (refusal.endResult()) {
            case "USER_REFUSED" -> UserRefusedException.class;
            case "WRONG_VC" -> UserSelectedWrongVerificationCodeException.class;
            default -> switch (refusal.interaction()) {
                case "displayTextAndPIN" -> UserRefusedDisplayTextAndPinException.class;
                case "confirmationMessage" -> UserRefusedConfirmationMessageException.class;
                case "confirmationMessageAndVerificationCodeChoice" -> UserRefusedConfirmationMessageWithVerificationChoiceException.class;
                // Not a type of this API version; the table has it all the same and the library says it cannot tell.
                default -> UnprocessableSmartIdResponseException.class;
            };
        };
    }
}
