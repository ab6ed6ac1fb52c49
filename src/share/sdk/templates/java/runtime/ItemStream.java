package sdk_runtime;

import java.io.Closeable;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Items of a response, each as it arrives. Close it if it is not read to its end.
 *
 * @param <T> the type of the items
 */
public final class ItemStream<T> implements Iterator<T>, Iterable<T>, AutoCloseable {
    private final ItemSource<T> source;
    private final Closeable raw;
    private T next;
    private boolean isRead;
    private boolean isDone;

    ItemStream(ItemSource<T> source, Closeable raw) {
        this.source = source;
        this.raw = raw;
    }

    <U> ItemStream<U> map(Function<? super T, U> change) {
        return new ItemStream<>(sink -> advance(item -> sink.accept(change.apply(item))), raw);
    }

    private boolean advance(Consumer<? super T> sink) {
        boolean hasNext = hasNext();
        if (hasNext) {
            sink.accept(next());
        }
        return hasNext;
    }

    @Override
    public boolean hasNext() {
        if (!isRead && !isDone) {
            isRead = source.advance(item -> next = item);
            if (!isRead) {
                close();
            }
        }
        return isRead;
    }

    @Override
    public T next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the stream is at its end");
        }
        isRead = false;
        return next;
    }

    /** Returns the items that are left, once. */
    @Override
    public Iterator<T> iterator() {
        return this;
    }

    /** Returns the items that are left, once. */
    public Stream<T> stream() {
        Spliterator<T> items = Spliterators.spliteratorUnknownSize(this, Spliterator.ORDERED);
        return StreamSupport.stream(items, false).onClose(this::close);
    }

    @Override
    public void close() {
        isDone = true;
        HttpTransport.closeQuietly(raw);
    }

    /** Reads the next item, if there is one. */
    @FunctionalInterface
    interface ItemSource<T> {
        boolean advance(Consumer<? super T> sink);
    }
}
