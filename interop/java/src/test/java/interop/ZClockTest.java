package interop;

import static org.junit.jupiter.api.Assertions.assertThrows;

import ee.sk.smartid.AuthenticationCertificateLevel;
import ee.sk.smartid.CertificateLevel;
import ee.sk.smartid.NotificationAuthenticationSessionRequestBuilder;
import ee.sk.smartid.RpChallengeGenerator;
import ee.sk.smartid.SignableData;
import ee.sk.smartid.SmartIdClient;
import ee.sk.smartid.exception.SessionNotFoundException;
import ee.sk.smartid.exception.useraction.SessionTimeoutException;
import ee.sk.smartid.rest.dao.SessionStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What needs the server's clock to be moved. Last in the alphabet, because the clock never comes back. */
class ZClockTest {

    /** Longer than a session lives. */
    private static final Duration PAST_THE_SESSION = Duration.ofSeconds(150);
    /** Longer than a result is kept. */
    private static final Duration PAST_THE_RESULT = Duration.ofMinutes(10);

    private final SmartIdClient client = World.client();

    @Test
    void people_who_do_not_answer_time_out() {
        Map<String, NotificationAuthenticationSessionRequestBuilder> logins = new LinkedHashMap<>();
        for (String document : Persons.timeouts()) {
            var builder = client.createNotificationAuthentication()
                    .withRpChallenge(RpChallengeGenerator.generate().toBase64EncodedValue())
                    .withCertificateLevel(AuthenticationCertificateLevel.QUALIFIED)
                    .withInteractions(World.notificationText())
                    .withDocumentNumber(document);
            logins.put(builder.initAuthenticationSession().sessionID(), builder);
        }
        World.advanceClock(PAST_THE_SESSION);
        logins.forEach((session, builder) -> {
            SessionStatus status = World.finish(client, session);
            assertThrows(SessionTimeoutException.class, () -> World.notificationAuthentication()
                    .validate(status, builder.getAuthenticationSessionRequest(), World.SCHEME));
        });
    }

    @Test
    void a_signature_nobody_answers_times_out_and_its_result_is_forgotten() {
        String session = client.createNotificationSignature()
                .withDocumentNumber(Persons.timeouts().get(0))
                .withSignableData(new SignableData(UUID.randomUUID().toString().getBytes(StandardCharsets.UTF_8)))
                .withInteractions(World.notificationText())
                .initSignatureSession()
                .sessionID();
        World.advanceClock(PAST_THE_SESSION);
        SessionStatus status = World.finish(client, session);
        assertThrows(SessionTimeoutException.class, () -> World.signatures().validate(status, CertificateLevel.QUALIFIED));
        World.advanceClock(PAST_THE_RESULT);
        assertThrows(SessionNotFoundException.class, () -> client.getSessionStatusPoller().getSessionStatus(session));
    }
}
