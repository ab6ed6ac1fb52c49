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

/** A call of <code>GET /errors</code>. */
public final class FailCall extends Call<FailCall, Object> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public FailCall(BaseClient client) {
        super(client, OPERATION, JsonType.ANY);
    }

    private static Operation describe() {
        Operation operation = Operation.of("fail", "GET", "", "application/problem+json, */*;q=0.1", "/errors");
        return operation;
    }
}
