package g0_sdk.calls;

import g0_sdk.BaseClient;
import g0_sdk.Call;
import g0_sdk.Download;
import g0_sdk.ItemStream;
import g0_sdk.JsonChoice;
import g0_sdk.JsonType;
import g0_sdk.Operation;
import g0_sdk.ServerEvent;
import g0_sdk.Upload;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** A call of <code>PUT /bytes</code>. */
public final class PutBytesCall extends Call<PutBytesCall, Download> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public PutBytesCall(BaseClient client) {
        super(client, OPERATION, JsonType.DOWNLOAD);
    }

    private static Operation describe() {
        Operation operation = Operation.of("putBytes", "PUT", "", "application/octet-stream, */*;q=0.1", "/bytes");
        describe1(operation);
        return operation;
    }

    private static void describe1(Operation operation) {
        operation.content("application/octet-stream", "bytes");
    }

    /**
     * Sets the body.
     */
    public PutBytesCall body(Upload value) {
        return setBody(value);
    }
}
