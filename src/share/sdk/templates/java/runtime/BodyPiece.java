package sdk_runtime;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;

/**
 * A part of a body.
 *
 * @param source opens its bytes
 * @param length their number; below zero where that is known at the end alone
 */
record BodyPiece(Upload.Source source, long length) {
    static BodyPiece of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    static BodyPiece of(byte[] bytes) {
        return new BodyPiece(() -> new ByteArrayInputStream(bytes), bytes.length);
    }

    boolean isRepeatable() {
        return !(source instanceof Upload.SingleSource);
    }
}
