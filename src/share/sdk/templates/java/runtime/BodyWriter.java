package sdk_runtime;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Writes bodies: JSON, texts, files and forms. */
final class BodyWriter {
    private static final SecureRandom RANDOM = new SecureRandom();

    private BodyWriter() {}

    static Body write(Operation operation, Object value, String mediaType) {
        Operation.Content content = operation.content(value, mediaType);
        String kind = content.kind();
        if (kind.equals("form")) {
            return new Body(content.mediaType(), List.of(form(value, content.parts())));
        }
        if (kind.equals("multipart")) {
            return multipart(value, content.parts());
        }
        if (kind.equals("lines") && value instanceof Iterable<?> items) {
            return new Body(content.mediaType(), List.of(lines(items, separator(content.mediaType()))));
        }
        if (value instanceof Upload upload) {
            String own = mediaType == null ? upload.contentType().orElse(null) : null;
            String type = own != null ? own : MediaTypes.concrete(content.mediaType(), "application/octet-stream");
            return new Body(type, List.of(upload.piece()));
        }
        if (value instanceof String text && List.of("text", "bytes", "events").contains(kind)) {
            return new Body(MediaTypes.concrete(content.mediaType(), "text/plain"), List.of(BodyPiece.of(text)));
        }
        String type = MediaTypes.concrete(content.mediaType(), "application/json");
        return new Body(type, List.of(BodyPiece.of(Json.write(value))));
    }

    /** Returns what stands before each text: a record separator in a sequence (RFC 7464, section 2.2). */
    private static String separator(String mediaType) {
        return MediaTypes.essence(mediaType).endsWith("json-seq") ? "\u001e" : "";
    }

    /** Writes JSON values, one a line, each when it is sent. */
    private static BodyPiece lines(Iterable<?> items, String separator) {
        Upload.Source source = () -> {
            Iterator<?> left = items.iterator();
            return new SequenceInputStream(new Enumeration<InputStream>() {
                @Override
                public boolean hasMoreElements() {
                    return left.hasNext();
                }

                @Override
                public InputStream nextElement() {
                    String line = separator + Json.write(left.next()) + "\n";
                    return new ByteArrayInputStream(line.getBytes(StandardCharsets.UTF_8));
                }
            });
        };
        if (items instanceof Collection<?>) {
            return new BodyPiece(source, -1);
        }
        try {
            return new BodyPiece(new Upload.SingleSource(source.open()), -1);
        } catch (java.io.IOException impossible) {
            throw new java.io.UncheckedIOException(impossible);
        }
    }

    /** A field of a form; one with a delimiter is a single value of several parts. */
    private record FormField(String name, Object value, String delimiter) {
        /** Returns the text in a part, in which nothing is percent-encoded (RFC 7578, section 2). */
        String plainText() {
            return delimiter == null
                    ? ParameterWriter.plain(value)
                    : joined(delimiter.replace("%20", " ").replace("%7C", "|"), ParameterWriter::plain);
        }

        String encodedText() {
            return delimiter == null ? encoded(value) : joined(delimiter, BodyWriter::encoded);
        }

        private String joined(String separator, Function<Object, String> text) {
            List<?> items = (List<?>) value;
            return items.stream().map(text::apply).collect(Collectors.joining(separator));
        }
    }

    private static String encoded(Object value) {
        return ParameterWriter.encode(ParameterWriter.plain(value));
    }

    private static List<FormField> fields(Object value, Map<String, Operation.Part> parts) {
        if (!(value instanceof Map<?, ?> map)) {
            throw new IllegalArgumentException("a form is made of fields, not of " + value);
        }
        List<FormField> fields = new ArrayList<>();
        map.forEach((key, field) -> {
            String name = String.valueOf(key);
            Operation.Part part = parts.getOrDefault(name, new Operation.Part(null, null, true));
            addFields(fields, name, field, part);
        });
        return fields;
    }

    private static void addFields(List<FormField> fields, String name, Object field, Operation.Part part) {
        String style = part.style() == null ? "" : part.style();
        String delimiter = ParameterWriter.delimiter(style).orElse(null);
        if (field instanceof List<?> list) {
            if (delimiter != null && !part.explodes()) {
                fields.add(new FormField(name, list, delimiter));
            } else {
                list.forEach(item -> fields.add(new FormField(name, item, null)));
            }
        } else if (field instanceof Map<?, ?> map && style.equals("deepObject")) {
            map.forEach((key, inner) -> {
                for (ParameterWriter.Field pair : ParameterWriter.nested(String.valueOf(key), inner)) {
                    fields.add(new FormField(name + "[" + pair.name() + "]", pair.text(), null));
                }
            });
        } else if (field instanceof Map<?, ?> map && style.equals("form") && part.explodes()) {
            map.forEach((key, inner) -> fields.add(new FormField(String.valueOf(key), inner, null)));
        } else if (field instanceof Map<?, ?> map && delimiter != null) {
            List<Object> texts = new ArrayList<>();
            map.forEach((key, inner) -> Collections.addAll(texts, key, inner));
            fields.add(new FormField(name, texts, delimiter));
        } else if (field != null) {
            fields.add(new FormField(name, field, null));
        }
    }

    private static BodyPiece form(Object value, Map<String, Operation.Part> parts) {
        List<String> pairs = new ArrayList<>();
        for (FormField field : fields(value, parts)) {
            pairs.add(ParameterWriter.encode(field.name()) + "=" + field.encodedText());
        }
        return BodyPiece.of(String.join("&", pairs));
    }

    private static Body multipart(Object value, Map<String, Operation.Part> parts) {
        String boundary = "part-" + nonce();
        List<BodyPiece> pieces = new ArrayList<>();
        for (FormField field : fields(value, parts)) {
            Operation.Part part = parts.get(field.name());
            String declared = part == null || part.contentTypes() == null ? "" : part.contentTypes();
            String contentType;
            String head = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + quoted(field.name()) + "\"";
            BodyPiece content;
            if (field.delimiter() == null && field.value() instanceof Upload upload) {
                content = upload.piece();
                head += "; filename=\"" + quoted(upload.name()) + "\"";
                contentType = upload.contentType().orElseGet(() -> MediaTypes.ofFile(declared, upload.name()));
            } else {
                content = BodyPiece.of(field.plainText());
                boolean isObject = field.delimiter() == null && field.value() instanceof Map<?, ?>;
                contentType = MediaTypes.ofPart(declared, isObject);
            }
            head += contentType == null ? "" : "\r\nContent-Type: " + contentType;
            Collections.addAll(pieces, BodyPiece.of(head + "\r\n\r\n"), content, BodyPiece.of("\r\n"));
        }
        pieces.add(BodyPiece.of("--" + boundary + "--\r\n"));
        return new Body("multipart/form-data; boundary=" + boundary, pieces);
    }

    private static String quoted(String name) {
        return name.replace("\"", "%22").replace("\r", "%0D").replace("\n", "%0A");
    }

    /** Returns 32 random hexadecimal digits. */
    static String nonce() {
        return String.format("%032x", new BigInteger(128, RANDOM));
    }
}
