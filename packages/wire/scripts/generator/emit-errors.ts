/** Writes the error class of each reply code, their table, and the page about all errors. */
import type { ReplyCodeDefinition } from '../../src/protocol/definition.ts';
import { hardReplyCodes, replyCodeDefinitions, softReplyCodes } from '../../src/protocol/table.ts';
import { type LocalError, localErrors } from './local-errors.ts';
import { upperSnakeCase } from './names.ts';
import { comment, docComment, type SourceFile, sourceFile } from './source.ts';

/** The generated files of `@puka/errors`. */
export function emitErrors(): SourceFile[] {
  return [
    emitErrorCodes(),
    emitClasses('soft-errors.ts', 'that close a channel or come with a returned message', softReplyCodes),
    emitClasses('hard-errors.ts', 'that close the connection', hardReplyCodes),
    emitReplyCodes(),
    emitReplyErrorClasses(),
  ];
}

function emitErrorCodes(): SourceFile {
  const union = (entries: readonly { readonly className: string }[]) =>
    entries.map(({ className }) => `| '${upperSnakeCase(className)}'`).join('\n');
  return sourceFile('error-codes.ts', [
    comment('The values of `code`. Types only.'),
    docComment(['The `code` of an `AmqpError`: `AMQP_ERROR` for an unknown reply code, else the code of its class.']),
    `export type AmqpErrorCode =\n| 'AMQP_ERROR'\n${union(replyCodeDefinitions)};`,
    docComment([
      'The `code` of an error of a package above the client: it begins with the name of the package, such as `TOPOLOGY_FAILED`.',
    ]),
    'export type ExtensionErrorCode = `TOPOLOGY_${string}` | `RPC_${string}` | `WORKER_${string}`;',
    docComment([
      'The `code` of any error of Puka. No class of Puka has `PUKA_ERROR`; a class that a program derives from `PukaError` directly has it.',
    ]),
    `export type ErrorCode =\n| AmqpErrorCode\n${union(localErrors)}\n| ExtensionErrorCode\n| 'PUKA_ERROR';`,
  ]);
}

function emitClasses(path: string, which: string, codes: readonly ReplyCodeDefinition[]): SourceFile {
  return sourceFile(path, [
    comment(`The errors of the reply codes ${which}. AMQP 0-9-1 §1.2.`),
    "import { AmqpError } from '../amqp-error.ts';",
    "import type { ErrorTraits } from '../error-details.ts';",
    ...codes.map((entry) =>
      [
        docComment([
          `${entry.code} ${upperSnakeCase(entry.name)}. ${entry.meaning}`,
          `Usual cause: ${entry.cause}`,
          `Recover: ${entry.recovery}`,
        ]),
        `export class ${entry.className} extends AmqpError {`,
        docComment(['The defaults of this class.']),
        `static override readonly traits: ErrorTraits = {
          name: '${entry.className}', code: '${upperSnakeCase(entry.className)}', replyCode: ${entry.code},
          blame: '${entry.blame}', scope: '${entry.scope}', retryable: ${entry.retryable}, outcome: '${entry.outcome}',
        };`,
        `declare readonly code: '${upperSnakeCase(entry.className)}';`,
        '}',
      ].join('\n'),
    ),
  ]);
}

function emitReplyCodes(): SourceFile {
  return sourceFile('reply-codes.ts', [
    comment('The table of the reply codes.'),
    docComment(['A reply code and its error class.']),
    `export interface ReplyCodeEntry {
      /** The number on the wire. */
      readonly code: number;
      /** The standard's name, such as \`not-found\`. */
      readonly name: string;
      /** The name of the error class, such as \`NotFound\`. */
      readonly className: string;
      /** True if the code closes the connection, false if it closes the channel or nothing. */
      readonly hard: boolean;
    }`,
    docComment(['Every reply code that is a failure, by number. AMQP 0-9-1 §1.2.']),
    'export const replyCodes: readonly ReplyCodeEntry[] = [',
    ...replyCodeDefinitions.map(
      ({ code, name, className, hard }) =>
        `{ code: ${code}, name: '${name}', className: '${className}', hard: ${hard} },`,
    ),
    '];',
  ]);
}

function emitReplyErrorClasses(): SourceFile {
  const imports = (codes: readonly ReplyCodeDefinition[]) => codes.map(({ className }) => className).join(', ');
  return sourceFile('reply-error-classes.ts', [
    comment('The class of each reply code.'),
    "import type { AmqpError } from '../amqp-error.ts';",
    "import type { ErrorDetails } from '../error-details.ts';",
    `import { ${imports(hardReplyCodes)} } from './hard-errors.ts';`,
    `import { ${imports(softReplyCodes)} } from './soft-errors.ts';`,
    docComment(['The class of a reply code, and the name of the code in the broker’s texts.']),
    `export interface ReplyErrorClass {
      /** Such as \`NOT_FOUND\`. */
      readonly text: string;
      /** Such as \`NotFound\`. */
      readonly errorClass: new (message: string, details?: ErrorDetails) => AmqpError;
    }`,
    docComment(['Every reply code that has a class of its own.']),
    'export const replyErrorClasses: ReadonlyMap<number, ReplyErrorClass> = new Map<number, ReplyErrorClass>([',
    ...replyCodeDefinitions.map(
      ({ code, name, className }) => `[${code}, { text: '${upperSnakeCase(name)}', errorClass: ${className} }],`,
    ),
    ']);',
  ]);
}

/** `docs/errors.md`. */
export function emitErrorPage(): SourceFile {
  const replyRows = replyCodeDefinitions.map((entry) => errorRow(`\`${entry.className}\` ${entry.code}`, entry));
  const localRows = localErrors.map((entry) => errorRow(`\`${entry.className}\``, entry));
  const head = (first: string) => [
    row([first, 'default traits', 'meaning', 'usual cause', 'what to do']),
    row(['---', '---', '---', '---', '---']),
  ];
  return {
    path: 'errors.md',
    text: [
      '<!-- Generated by packages/wire/scripts/generate.ts from the protocol table; do not edit. -->',
      '# Errors',
      '',
      'Every error of Puka is an instance of a class below and of `PukaError`. Errors with a reply code are also instances',
      'of `AmqpError`. An error with an unknown reply code is an `AmqpError` itself.',
      '',
      'The traits are, in this order: `scope` (what is lost: the operation, its channel or the connection; the client carries on',
      'the other operations of a lost channel), `blame` (who has to change something), `outcome` (what became of the operation)',
      'and, if listed, `retryable` (the same call may succeed later). They are the defaults of the class; a single error may',
      'differ. Before you repeat an operation whose `outcome` is `unknown`, consider what happens if it takes effect twice.',
      '',
      '`error.code` is the name of the class in upper snake case: `NotFound` has `NOT_FOUND`. Its type is the union of all codes.',
      '',
      '`error.replyText` is the whole text of the broker. In `error.message` the text is cut to 500 characters, and control',
      'characters are removed.',
      '',
      '## Errors with a reply code',
      '',
      ...head('class and reply code'),
      ...replyRows,
      '',
      '## Other errors',
      '',
      ...head('class'),
      ...localRows,
      '',
    ].join('\n'),
  };
}

function errorRow(name: string, entry: LocalError | ReplyCodeDefinition): string {
  const { scope, blame, outcome, retryable, meaning, cause, recovery } = entry;
  const traits = [scope, blame, outcome, ...(retryable ? ['retryable'] : [])].join(', ');
  return row([name, traits, meaning, cause, recovery]);
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
