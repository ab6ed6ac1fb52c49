package sdk_runtime;

/**
 * A header of a request.
 *
 * @param name the name, in any case
 * @param value the value
 */
public record Header(String name, String value) {}
