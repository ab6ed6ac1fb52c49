package sdk_runtime;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A file to send, and how it is called. */
public final class Upload {
    private final Source source;
    private final long length;
    private final String name;
    private final String contentType;

    private Upload(Source source, long length, String name, String contentType) {
        this.source = source;
        this.length = length;
        this.name = name;
        this.contentType = contentType;
    }

    /** Sends bytes. */
    public static Upload of(byte[] content) {
        byte[] copy = content.clone();
        return new Upload(() -> new ByteArrayInputStream(copy), copy.length, "file", null);
    }

    /** Sends a text as UTF-8. */
    public static Upload of(String content) {
        return of(content.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends a file, which is read while it is sent. */
    public static Upload of(Path file) throws IOException {
        String name = file.getFileName().toString();
        return new Upload(() -> Files.newInputStream(file), Files.size(file), name, null);
    }

    /** Sends a stream, which is read while it is sent, once. */
    public static Upload of(InputStream content) {
        return new Upload(new SingleSource(content), -1, "file", null);
    }

    /** Changes the name of the file. */
    public Upload named(String newName) {
        return new Upload(source, length, newName, contentType);
    }

    /** Changes the media type. */
    public Upload as(String newContentType) {
        return new Upload(source, length, name, newContentType);
    }

    String name() {
        return name;
    }

    Optional<String> contentType() {
        return Optional.ofNullable(contentType);
    }

    BodyPiece piece() {
        return new BodyPiece(source, length);
    }

    /** Opens the content from its start. */
    @FunctionalInterface
    interface Source {
        InputStream open() throws IOException;
    }

    /** A stream, which can be sent once. */
    record SingleSource(InputStream content) implements Source {
        @Override
        public InputStream open() {
            return content;
        }
    }
}
