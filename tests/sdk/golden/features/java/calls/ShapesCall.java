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
import g0_sdk.types.Shape;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** A call of <code>GET /shapes</code>. */
public final class ShapesCall extends Call<ShapesCall, Shape> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public ShapesCall(BaseClient client) {
        super(client, OPERATION, Shape.TYPE);
    }

    private static Operation describe() {
        Operation operation = Operation.of("shapes", "GET", "", "application/json, */*;q=0.1", "/shapes");
        return operation;
    }
}
