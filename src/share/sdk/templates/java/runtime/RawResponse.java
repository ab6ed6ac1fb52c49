package sdk_runtime;

import java.io.InputStream;
import java.net.http.HttpHeaders;

/**
 * A response as it arrives.
 *
 * @param status the status code
 * @param headers the headers
 * @param body the bytes
 */
public record RawResponse(int status, HttpHeaders headers, InputStream body) {}
