package interop;

import java.nio.file.Path;
import java.util.Arrays;
import org.digidoc4j.Configuration;
import org.digidoc4j.Container;
import org.digidoc4j.ContainerOpener;
import org.digidoc4j.ContainerValidationResult;

/**
 * How long digidoc4j takes to validate a container: {@code DigiDoc4jSpeed FOLDER FILE}, the anchors being in FOLDER/trust.
 * Prints {@code seconds S}, the median of the validations after those that warm the virtual machine up; each is from the
 * file to the verdict.
 */
public final class DigiDoc4jSpeed {

    private static final int WARM = 40;
    private static final int MEASURED = 20;

    private DigiDoc4jSpeed() {}

    public static void main(String[] arguments) throws Exception {
        Configuration configuration = DigiDoc4jMatrix.configuration(Path.of(arguments[0]));
        double[] times = new double[WARM + MEASURED];
        for (int run = 0; run < times.length; run++) {
            long start = System.nanoTime();
            Container container = ContainerOpener.open(arguments[1], configuration);
            ContainerValidationResult result = container.validate();
            times[run] = (System.nanoTime() - start) / 1e9;
            if (!result.isValid()) {
                System.err.println("digidoc4j does not accept it: " + result.getErrors());
                System.exit(1);
            }
        }
        double[] measured = Arrays.copyOfRange(times, WARM, times.length);
        Arrays.sort(measured);
        System.out.println("seconds " + measured[MEASURED / 2]);
        System.exit(0);
    }
}
