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
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** A call of <code>GET /b</code>. */
public final class GetPetc87494c6Call extends Call<GetPetc87494c6Call, Void> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public GetPetc87494c6Call(BaseClient client) {
        super(client, OPERATION, value -> null);
    }

    private static Operation describe() {
        Operation operation = Operation.of("get_pet", "GET", "", "*/*", "/b");
        return operation;
    }
}
