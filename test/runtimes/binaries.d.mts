/** The path of a runtime's or a tool's binary, installed if it is missing. Rejects with the code `NO_BINARY` if npm has none for this machine. */
export function binaryOf(name: string): Promise<string>
