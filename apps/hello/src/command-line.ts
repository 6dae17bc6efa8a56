/** Reads the command line of `npm start`. Must not open the file or a connection. */
import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface Choice {
  /** The file to send; `undefined` for the README. */
  readonly file: string | undefined;
  /** Whether to launch a real RabbitMQ if AMQP_URL names none. */
  readonly wantsRabbitmq: boolean;
  /** Whether to print {@link usage} and do nothing else. */
  readonly wantsHelp: boolean;
}

/** The answer to `--help`. */
export const usage = `usage: npm start -- [--rabbitmq] [FILE]

Sends FILE line by line through a queue, receives it again and compares the checksums.
Without FILE: the README.

  --rabbitmq   launches a real RabbitMQ for the run (Debian's packages, or docker)
  -h, --help   prints this

AMQP_URL=amqp://… npm start   uses the broker that you have.
Without either, the broker is embedded in the program.
`;

/** A mistake of the user's, or a broker that does not answer: its message is all that the user needs to see. */
export class CannotStart extends Error {}

/** @throws {CannotStart} for an unknown option or a second file. */
export function readCommandLine(words: readonly string[]): Choice {
  const { values, positionals } = parse(words);
  const [file, second] = positionals;
  if (second !== undefined)
    throw new CannotStart(`one file at a time: '${second}' is the second; see npm start -- --help`);
  return { file, wantsRabbitmq: values.rabbitmq === true, wantsHelp: values.help === true };
}

function parse(words: readonly string[]): ReturnType<typeof parseArgs<typeof configuration>> {
  try {
    return parseArgs({ ...configuration, args: [...words] });
  } catch (error) {
    const wrong = words.find((word) => word.startsWith('-') && !known.includes(word));
    throw new CannotStart(`there is no option '${wrong}'; see npm start -- --help`, { cause: error });
  }
}

const known = ['--rabbitmq', '--help', '-h', '--'];
const configuration = {
  options: { rabbitmq: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
} as const;
