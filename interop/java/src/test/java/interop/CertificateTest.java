package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ee.sk.smartid.CertificateByDocumentNumberResult;
import ee.sk.smartid.CertificateChoiceResponse;
import ee.sk.smartid.CertificateLevel;
import ee.sk.smartid.SignatureCertificatePurposeValidatorFactoryImpl;
import ee.sk.smartid.SmartIdClient;
import ee.sk.smartid.rest.dao.SessionStatus;
import java.io.InputStream;
import java.nio.file.Files;
import java.security.KeyStore;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class CertificateTest {

    private static final String DOCUMENT = "PNOEE-40504040001-DEM0-Q";

    private final SmartIdClient client = World.client();

    static List<String> everyone() {
        return Stream.concat(Persons.okByNotification().stream(), Persons.okByDeviceLink().stream()).toList();
    }

    @ParameterizedTest
    @MethodSource("everyone")
    void the_signing_certificate_is_had_by_document_number(String document) {
        CertificateLevel level = World.isQualified(document) ? CertificateLevel.QUALIFIED : CertificateLevel.ADVANCED;
        CertificateByDocumentNumberResult found = client.createCertificateByDocumentNumber()
                .withDocumentNumber(document)
                .withCertificateLevel(level)
                .getCertificateByDocumentNumber();
        assertEquals(level, found.certificateLevel());
        World.certificates().validate(found.certificate());
        new SignatureCertificatePurposeValidatorFactoryImpl().create(level).validate(found.certificate());
    }

    @ParameterizedTest
    @EnumSource(CertificateLevel.class)
    void a_qualified_account_satisfies_every_level(CertificateLevel asked) {
        CertificateByDocumentNumberResult found = client.createCertificateByDocumentNumber()
                .withDocumentNumber(DOCUMENT)
                .withCertificateLevel(asked)
                .getCertificateByDocumentNumber();
        assertEquals(CertificateLevel.QUALIFIED, found.certificateLevel());
    }

    @ParameterizedTest
    @EnumSource(CertificateLevel.class)
    void a_person_chooses_a_certificate_by_notification(CertificateLevel level) {
        String session = client.createNotificationCertificateChoice()
                .withSemanticsIdentifier(World.personOf(DOCUMENT))
                .withCertificateLevel(level)
                .withNonce("n" + System.nanoTime() % 1_000_000_000L)
                .initCertificateChoice()
                .sessionID();
        SessionStatus status = World.finish(client, session);
        CertificateChoiceResponse choice = World.certificateChoices().validate(status, level);
        assertEquals(DOCUMENT, choice.getDocumentNumber());
        assertEquals("Notification", status.getSignature().getFlowType());
        CertificateByDocumentNumberResult same = client.createCertificateByDocumentNumber()
                .withDocumentNumber(choice.getDocumentNumber())
                .getCertificateByDocumentNumber();
        assertEquals(same.certificate(), choice.getCertificate());
    }

    @Test
    void an_advanced_person_chooses_a_certificate() {
        String session = client.createNotificationCertificateChoice()
                .withSemanticsIdentifier(World.personOf("PNOLT-40504049999-MOCK-NQ"))
                .withCertificateLevel(CertificateLevel.ADVANCED)
                .initCertificateChoice()
                .sessionID();
        CertificateChoiceResponse choice = World.certificateChoices().validate(World.finish(client, session), CertificateLevel.ADVANCED);
        assertEquals(CertificateLevel.ADVANCED, choice.getCertificateLevel());
    }

    @Test
    void the_exported_java_key_store_holds_the_same_authorities() throws Exception {
        KeyStore store = KeyStore.getInstance("JKS");
        try (InputStream in = Files.newInputStream(World.trust().resolve("trust.jks"))) {
            store.load(in, "changeit".toCharArray());
        }
        Set<Object> inside = new HashSet<>();
        for (String alias : Collections.list(store.aliases())) {
            assertNotNull(store.getCertificate(alias), alias);
            inside.add(store.getCertificate(alias));
        }
        for (String file : List.of("root.pem", "eid-q.pem", "eid-nq.pem")) {
            assertTrue(inside.contains(World.pem(file)), file + " is not in trust.jks");
        }
    }
}
