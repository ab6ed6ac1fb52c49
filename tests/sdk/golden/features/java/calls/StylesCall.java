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
import g0_sdk.types.Styles__Deep;
import g0_sdk.types.Styles__Matrix;
import g0_sdk.types.Styles__Whole;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** A call of <code>GET /styles/&#123;simple&#125;/&#123;matrix&#125;/&#123;label&#125;</code>. */
public final class StylesCall extends Call<StylesCall, Void> {
    private static final Operation OPERATION = describe();

    /** Begins a call; the methods of the client do. */
    public StylesCall(BaseClient client) {
        super(client, OPERATION, value -> null);
    }

    private static Operation describe() {
        Operation operation = Operation.of("styles", "GET", "", "*/*", "/styles/", 0, "/", 1, "/", 2);
        describe1(operation);
        return operation;
    }

    private static void describe1(Operation operation) {
        operation.parameter("simple", "path", "simple", false, false, false);
        operation.parameter("matrix", "path", "matrix", true, false, false);
        operation.parameter("label", "path", "label", false, false, false);
        operation.parameter("exploded", "query", "form", true, false, false);
        operation.parameter("joined", "query", "form", false, false, false);
        operation.parameter("spaced", "query", "spaceDelimited", false, false, false);
        operation.parameter("piped", "query", "pipeDelimited", false, false, false);
        operation.parameter("deep", "query", "deepObject", false, false, false);
        operation.parameter("whole", "query", "form", true, false, true);
        operation.parameter("reserved", "query", "form", true, true, false);
        operation.parameter("X-List", "header", "simple", false, false, false);
        operation.parameter("session", "cookie", "form", true, false, false);
    }

    /**
     * Sets the parameter <code>simple</code>.
     */
    public StylesCall simple(List<Long> value) {
        return set(0, value);
    }

    /**
     * Sets the parameter <code>matrix</code>.
     */
    public StylesCall matrix(Styles__Matrix value) {
        return set(1, value);
    }

    /**
     * Sets the parameter <code>label</code>.
     */
    public StylesCall label(String value) {
        return set(2, value);
    }

    /**
     * Sets the parameter <code>exploded</code>.
     */
    public StylesCall exploded(List<String> value) {
        return set(3, value);
    }

    /**
     * Sets the parameter <code>joined</code>.
     */
    public StylesCall joined(List<String> value) {
        return set(4, value);
    }

    /**
     * Sets the parameter <code>spaced</code>.
     */
    public StylesCall spaced(List<Long> value) {
        return set(5, value);
    }

    /**
     * Sets the parameter <code>piped</code>.
     */
    public StylesCall piped(List<Long> value) {
        return set(6, value);
    }

    /**
     * Sets the parameter <code>deep</code>.
     */
    public StylesCall deep(Styles__Deep value) {
        return set(7, value);
    }

    /**
     * Sets the parameter <code>whole</code>.
     */
    public StylesCall whole(Styles__Whole value) {
        return set(8, value);
    }

    /**
     * Sets the parameter <code>reserved</code>.
     */
    public StylesCall reserved(String value) {
        return set(9, value);
    }

    /**
     * Sets the parameter <code>X-List</code>.
     */
    public StylesCall xList(List<Long> value) {
        return set(10, value);
    }

    /**
     * Sets the parameter <code>session</code>.
     */
    public StylesCall session(String value) {
        return set(11, value);
    }
}
