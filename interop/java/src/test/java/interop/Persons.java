package interop;

import java.util.List;
import java.util.stream.Stream;

/** The documented test persons and what happens to their sessions. */
final class Persons {

    private Persons() {}

    /** Accounts that answer OK to a notification. */
    static List<String> okByNotification() {
        return World.lines("""
                PNOEE-40504040001-DEM0-Q  PNOLT-40504040001-MOCK-Q  PNOLV-050405-10009-DEM0-Q  PNOLV-320000-10003-DEMO-Q  PNOBE-05040400032-DEMO-Q
                PNOLT-40504049999-MOCK-NQ PNOLV-050404-19993-DEMO-NQ
                PNOEE-50001029996-DEMO-Q  PNOLT-50001029996-DEMO-Q  PNOLV-020100-29990-MOCK-Q  PNOBE-00010299944-MOCK-Q
                PNOLT-30303039914-MOCK-Q
                PNOEE-39901012239-MOCK-Q  PNOLT-39901012239-DEMO-Q  PNOLV-030303-10215-MOCK-Q  PNOBE-99010199987-DEMO-Q
                PNOEE-61101012257-MOCK-Q  PNOLT-61101012257-MOCK-Q  PNOLV-010111-23474-DEME-Q  PNOLV-320000-00032-DEMO-Q
                PNOLV-030303-10004-MOCK-Q
                PNOLV-040404-19999-MOCK-Q PNOLV-040404-19980-MOCK-Q
                PNOLV-311299-19993-MOCK-Q PNOLV-329999-99901-MOCK-Q
                PNOLV-329999-99709-MOCK-Q
                PNOLT-49912318881-MOCK-NQ PNOLV-311299-18886-MOCK-NQ""");
    }

    /** Accounts for device links, all OK. */
    static List<String> okByDeviceLink() {
        return World.lines("""
                PNOEE-40404040009-MOCK-Q  PNOLT-40404040009-MOCK-Q  PNOLV-040404-10003-DEMO-Q  PNOBE-04040400287-MOCK-Q
                PNOEE-61101019999-MOCK-Q  PNOLT-61101019999-MOCK-Q  PNOLV-010111-22341-MOCK-Q  PNOLV-320000-00008-DEMO-Q  PNOBE-11010199815-MOCK-Q
                PNOLT-61101019988-MOCK-NQ PNOLV-020211-12351-MOCK-NQ""");
    }

    /** How a person refuses; `interaction` is set where the result carries details. */
    record Refusal(String documentNumber, String endResult, String interaction) {
        @Override
        public String toString() {
            return documentNumber + " " + endResult + (interaction == null ? "" : " " + interaction);
        }
    }

    /** Refusals that the first country of each row stands for; the clock is needed for TIMEOUT, see ZClockTest. */
    static Stream<Refusal> refusals() {
        return Stream.of(
                row("USER_REFUSED", null,
                        "PNOEE-30403039917-MOCK-Q PNOLT-30403039917-MOCK-Q PNOLV-030403-10016-MOCK-Q PNOBE-00010238349-MOCK-Q"),
                row("USER_REFUSED_INTERACTION", "displayTextAndPIN",
                        "PNOEE-30403039928-MOCK-Q PNOLT-30403039928-MOCK-Q PNOLV-030403-10024-MOCK-Q PNOBE-00010267350-MOCK-Q"),
                // The table says verificationCodeChoice, a screen of version 2; see docs/divergences.md.
                row("USER_REFUSED_INTERACTION", "confirmationMessageAndVerificationCodeChoice",
                        "PNOEE-30403039939-MOCK-Q PNOLT-30403039939-MOCK-Q PNOLV-030403-10032-MOCK-Q PNOBE-00010266756-MOCK-Q"),
                row("USER_REFUSED_INTERACTION", "confirmationMessage",
                        "PNOEE-30403039946-MOCK-Q PNOLT-30403039946-MOCK-Q PNOLV-030403-10040-MOCK-Q PNOBE-00010232708-MOCK-Q"),
                row("USER_REFUSED_INTERACTION", "confirmationMessageAndVerificationCodeChoice",
                        "PNOEE-30403039950-MOCK-Q PNOLT-30403039950-MOCK-Q PNOLV-030403-10059-MOCK-Q PNOBE-00010211724-MOCK-Q"),
                row("WRONG_VC", null,
                        "PNOEE-30403039972-MOCK-Q PNOLT-30403039972-MOCK-Q PNOLV-030403-10075-MOCK-Q PNOBE-00010216276-MOCK-Q"))
                .flatMap(s -> s);
    }

    static List<String> timeouts() {
        return World.lines("PNOEE-30403039983-MOCK-Q PNOLT-30403039983-MOCK-Q PNOLV-030403-10083-MOCK-Q PNOBE-00010220335-MOCK-Q");
    }

    private static Stream<Refusal> row(String endResult, String interaction, String documents) {
        return World.lines(documents).stream().map(document -> new Refusal(document, endResult, interaction));
    }
}
