package sdk_runtime;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Bytes of a response, as they arrive. Close it if it is not read to its end. */
public final class Download extends FilterInputStream {
    Download(InputStream body) {
        super(body);
    }

    /** Writes all that is left to a file. */
    public void save(Path path) {
        try (this) {
            Files.copy(this, path, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException cause) {
            throw new ConnectionFailed("the download failed: " + cause.getMessage(), cause);
        }
    }

    /** Returns all that is left. */
    public byte[] bytes() {
        try (this) {
            return readAllBytes();
        } catch (IOException cause) {
            throw new ConnectionFailed("the download failed: " + cause.getMessage(), cause);
        }
    }

    /** Returns all that is left, read as UTF-8. */
    public String text() {
        return new String(bytes(), StandardCharsets.UTF_8);
    }
}
