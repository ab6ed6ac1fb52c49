package g1_sdk.calls;

import g1_sdk.BaseClient;
import g1_sdk.Call;
import g1_sdk.Download;
import g1_sdk.ItemStream;
import g1_sdk.JsonChoice;
import g1_sdk.JsonType;
import g1_sdk.Operation;
import g1_sdk.ServerEvent;
import g1_sdk.Upload;
import g1_sdk.types.Bytes__Response;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** A call of <code>GET /i</code>. */
public final class BytesCall extends Call<BytesCall, Bytes__Response> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public BytesCall(BaseClient client) {
        super(client, OPERATION, Bytes__Response.TYPE);
    }

    private static Operation describe() {
        Operation operation = Operation.of("bytes", "GET", "", "*/*", "/i");
        return operation;
    }
}
