package sdk_runtime;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Reads the body of a response by its media type. */
final class ResponseReader {
    private ResponseReader() {}

    /** Returns plain JSON, a text, {@link Download} or {@link ItemStream}; null if there is no body. */
    static Object read(RawResponse raw, boolean isError) {
        String contentType = raw.headers().firstValue("content-type").orElse("");
        String kind = contentType.isEmpty() ? "bytes" : MediaTypes.kind(contentType);
        if (!isError && kind.equals("events")) {
            EventSource events = new EventSource(raw.body());
            return new ItemStream<ServerEvent<Object>>(events::advance, raw.body());
        }
        if (!isError && kind.equals("lines")) {
            if (MediaTypes.essence(contentType).endsWith("json-seq")) {
                RecordSource records = new RecordSource(raw.body());
                return new ItemStream<Object>(records::advance, raw.body());
            }
            return jsonLines(raw.body());
        }
        boolean isFile = kind.equals("bytes") || kind.equals("multipart");
        if (!isError && isFile && !contentType.isEmpty()) {
            return new Download(raw.body());
        }
        byte[] body;
        try {
            body = readAll(raw.body());
        } catch (ConnectionFailed failure) {
            if (!isError) {
                throw failure;
            }
            // The status tells more than the loss of its explanation.
            return null;
        }
        if (body.length == 0) {
            // A text may be empty; of anything else, that is nothing.
            return !isError && (kind.equals("text") || kind.equals("form")) ? "" : null;
        }
        if (kind.equals("json")) {
            try {
                return Json.parse(body);
            } catch (ClientError cause) {
                if (!isError) {
                    String text = "the server answered " + raw.status() + " with JSON that cannot be read";
                    throw new ClientError(text, cause);
                }
            }
        }
        return new String(body, MediaTypes.charset(contentType));
    }

    private static byte[] readAll(InputStream body) {
        try (body) {
            return body.readAllBytes();
        } catch (IOException cause) {
            throw failure(cause);
        }
    }

    private static ConnectionFailed failure(IOException cause) {
        return new ConnectionFailed("the connection failed: " + cause.getMessage(), cause);
    }

    private static ItemStream<Object> jsonLines(InputStream body) {
        LineSource lines = new LineSource(body);
        return new ItemStream<>(
                sink -> {
                    for (String line = lines.next(); line != null; line = lines.next()) {
                        String text = line.strip();
                        if (!text.isEmpty()) {
                            sink.accept(Json.parse(text));
                            return true;
                        }
                    }
                    return false;
                },
                body);
    }

    /** Texts after record separators (RFC 7464), each when its line ends, or, of several lines, when the next begins. */
    private static final class RecordSource {
        private final LineSource lines;
        private final List<String> record = new ArrayList<>();
        private final List<Object> items = new ArrayList<>();

        RecordSource(InputStream body) {
            lines = new LineSource(body);
        }

        boolean advance(Consumer<? super Object> sink) {
            String line = "";
            while (items.isEmpty() && line != null) {
                line = lines.next();
                if (line == null) {
                    end();
                } else {
                    add(line);
                }
            }
            boolean hasItem = !items.isEmpty();
            if (hasItem) {
                sink.accept(items.remove(0));
            }
            return hasItem;
        }

        private void add(String line) {
            String[] texts = line.split("\u001e", -1);
            record.add(texts[0]);
            for (int index = 1; index < texts.length; index++) {
                end();
                record.add(texts[index]);
            }
            if (record.size() == 1) {
                try {
                    end();
                } catch (ClientError unfinished) {
                    // It goes on in the next line.
                }
            }
        }

        /** Reads the record; it stays where it cannot be read. */
        private void end() {
            String text = String.join("\n", record).strip();
            if (!text.isEmpty()) {
                items.add(Json.parse(text));
            }
            record.clear();
        }
    }

    /** Lines, each as it arrives: a line that ends in CR is not held until the next byte is there. */
    private static final class LineSource {
        private final InputStream body;
        private boolean isAfterReturn;

        LineSource(InputStream body) {
            this.body = new BufferedInputStream(body);
        }

        String next() {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            try {
                for (int value = body.read(); value >= 0; value = body.read()) {
                    boolean isSecondOfPair = isAfterReturn && value == '\n';
                    isAfterReturn = value == '\r';
                    if (isSecondOfPair) {
                        continue;
                    }
                    if (value == '\n' || value == '\r') {
                        return line.toString(StandardCharsets.UTF_8);
                    }
                    line.write(value);
                }
            } catch (IOException cause) {
                throw failure(cause);
            }
            return line.size() == 0 ? null : line.toString(StandardCharsets.UTF_8);
        }
    }

    /** Server-sent events (HTML, "Interpreting an event stream"): one that the end cuts off is none. */
    private static final class EventSource {
        private final LineSource lines;
        private boolean isFirst = true;
        private String event = "";
        private String id = "";
        private Optional<Long> retry = Optional.empty();
        private List<String> data = new ArrayList<>();

        EventSource(InputStream body) {
            lines = new LineSource(body);
        }

        boolean advance(Consumer<? super ServerEvent<Object>> sink) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                String text = isFirst && line.startsWith("\ufeff") ? line.substring(1) : line;
                isFirst = false;
                if (!text.isEmpty()) {
                    field(text);
                    continue;
                }
                boolean isWhole = !data.isEmpty();
                if (isWhole) {
                    String kind = event.isEmpty() ? "message" : event;
                    Object raw = parsed(String.join("\n", data));
                    sink.accept(new ServerEvent<>(kind, raw, id, retry, JsonType.ANY));
                }
                event = "";
                data = new ArrayList<>();
                if (isWhole) {
                    return true;
                }
            }
            return false;
        }

        private void field(String line) {
            String[] parts = line.split(":", 2);
            String value = parts.length < 2 ? "" : parts[1].startsWith(" ") ? parts[1].substring(1) : parts[1];
            switch (parts[0]) {
                case "event" -> event = value;
                case "data" -> data.add(value);
                case "id" -> id = value.indexOf('\0') < 0 ? value : id;
                case "retry" -> retry = value.matches("[0-9]{1,18}") ? Optional.of(Long.valueOf(value)) : retry;
                default -> {}
            }
        }

        private static Object parsed(String text) {
            try {
                return Json.parse(text);
            } catch (ClientError notJson) {
                return text;
            }
        }
    }
}
