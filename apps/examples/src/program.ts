/** What every example is: a function of a broker's URL and a way to print. */

/** Prints a line. */
export type Print = (line: string) => void;

/** One example: runs to its end. */
export type Program = (url: string, print: Print, args: readonly string[]) => Promise<void>;
