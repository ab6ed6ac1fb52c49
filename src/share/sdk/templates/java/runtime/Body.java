package sdk_runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Iterator;
import java.util.List;

/** A body: bytes and files, sent one after the other. */
public final class Body {
    private final String contentType;
    private List<BodyPiece> pieces;

    Body(String contentType, List<BodyPiece> pieces) {
        this.contentType = contentType;
        this.pieces = pieces;
    }

    /** The media type. */
    public String contentType() {
        return contentType;
    }

    /** The number of bytes; below zero where that is known at the end alone. */
    public long length() {
        boolean isKnown = pieces.stream().allMatch(piece -> piece.length() >= 0);
        return isKnown ? pieces.stream().mapToLong(BodyPiece::length).sum() : -1;
    }

    /** True if it can be sent again. */
    public boolean isRepeatable() {
        return pieces.stream().allMatch(BodyPiece::isRepeatable);
    }

    /** Opens all of it from its start. */
    public InputStream open() {
        return new PieceStream(pieces.iterator());
    }

    /** Returns the SHA-256 of all, as a signature needs it; content that cannot be read twice is kept. */
    String digest() {
        MessageDigest digest = Signature.sha256();
        try {
            if (!isRepeatable()) {
                try (InputStream content = open()) {
                    pieces = List.of(BodyPiece.of(content.readAllBytes()));
                }
            }
            try (InputStream content = new DigestInputStream(open(), digest)) {
                content.transferTo(OutputSink.INSTANCE);
            }
        } catch (IOException cause) {
            throw new UncheckedIOException("the body cannot be read: " + cause.getMessage(), cause);
        }
        return Signature.hexadecimal(digest.digest());
    }

    /** Takes bytes that only their reader needs. */
    private static final class OutputSink extends java.io.OutputStream {
        static final OutputSink INSTANCE = new OutputSink();

        @Override
        public void write(int value) {}

        @Override
        public void write(byte[] bytes, int start, int length) {}
    }

    /** Pieces as one stream, each of which is opened when the one before it is at its end. */
    private static final class PieceStream extends InputStream {
        private final Iterator<BodyPiece> left;
        private InputStream open = InputStream.nullInputStream();

        PieceStream(Iterator<BodyPiece> left) {
            this.left = left;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int start, int length) throws IOException {
            while (true) {
                int count = open.read(bytes, start, length);
                if (count > 0 || length == 0) {
                    return count;
                }
                open.close();
                if (!left.hasNext()) {
                    return -1;
                }
                open = left.next().source().open();
            }
        }

        @Override
        public void close() throws IOException {
            open.close();
        }
    }
}
