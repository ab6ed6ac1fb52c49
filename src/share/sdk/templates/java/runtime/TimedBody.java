package sdk_runtime;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The body of a response as a stream, each read of which waits no longer than the time-out. After a failure each read fails
 * alike: an end would look like that of a whole body.
 */
final class TimedBody extends InputStream implements BodySubscriber<InputStream> {
    private static final Piece END = new Piece(ByteBuffer.allocate(0), null);

    private final Duration timeout;
    private final LinkedBlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();
    private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
    private Piece current = new Piece(ByteBuffer.allocate(0), null);
    /** The first failure of a read; pieces that arrive later are not looked at. */
    private volatile Throwable firstFailure;
    private volatile boolean isClosed;
    private volatile boolean isComplete;

    TimedBody(Duration timeout) {
        this.timeout = timeout;
    }

    private record Piece(ByteBuffer bytes, Throwable failure) {}

    @Override
    public CompletionStage<InputStream> getBody() {
        return CompletableFuture.completedStage(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        if (subscription.complete(given)) {
            given.request(1);
        } else {
            given.cancel();
        }
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        buffers.forEach(bytes -> pieces.add(new Piece(bytes, null)));
        // More is asked for once these are read, so that a reader that is slow holds few of them.
        pieces.add(new Piece(null, null));
    }

    @Override
    public void onError(Throwable failure) {
        pieces.add(new Piece(null, failure));
    }

    @Override
    public void onComplete() {
        isComplete = true;
        pieces.add(END);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int start, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (current != END && !current.bytes.hasRemaining()) {
            current = next();
        }
        if (current == END) {
            return -1;
        }
        int count = Math.min(length, current.bytes.remaining());
        current.bytes.get(bytes, start, count);
        return count;
    }

    private Piece next() throws IOException {
        try {
            while (firstFailure == null && !isClosed) {
                Piece piece =
                        timeout == null ? pieces.take() : pieces.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
                if (piece == null) {
                    cancel();
                    firstFailure = new TimedOut();
                } else if (piece.failure != null) {
                    firstFailure = piece.failure;
                } else if (piece.bytes != null) {
                    return piece;
                } else {
                    subscription.join().request(1);
                }
            }
            if (firstFailure != null) {
                throw failure(firstFailure);
            }
            throw new IOException("the stream was closed");
        } catch (InterruptedException cause) {
            close();
            Thread.currentThread().interrupt();
            throw new IOException("the thread was interrupted", cause);
        }
    }

    private static IOException failure(Throwable cause) {
        if (cause instanceof TimedOut) {
            throw new TimedOut();
        }
        return new IOException(cause.getMessage(), cause);
    }

    private void cancel() {
        if (!isComplete) {
            subscription.thenAccept(Flow.Subscription::cancel);
        }
    }

    @Override
    public void close() {
        isClosed = true;
        cancel();
        // A read in another thread waits for no more.
        pieces.add(new Piece(null, new IOException("the stream was closed")));
    }
}
