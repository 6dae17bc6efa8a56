/** Writes the facts about the protocol that code asks for at run time: ids, constants, what answers what. */
import { replyCodeDefinitions, replySuccess } from '../../src/protocol/table.ts';
import type { ClassModel } from './model.ts';
import { camelCase, hex } from './names.ts';
import { comment, docComment, type SourceFile, sourceFile } from './source.ts';

/** `MethodId` and `ClassId`. */
export function emitIds(models: readonly ClassModel[]): SourceFile {
  return sourceFile('ids.ts', [
    comment('The numbers of classes and methods.'),
    docComment(['The number of each class.']),
    constObject(
      'ClassId',
      models.map(({ name, id, doc }) => ({ name, text: `${id}`, doc: `About ${doc}.` })),
    ),
    docComment(['The number of each method: its class in the upper 16 bits, the method within it in the lower.']),
    constObject(
      'MethodId',
      models.flatMap(({ methods }) =>
        methods.map(({ idName, id, type, origin }) => ({
          name: idName,
          text: hex(id, 8),
          doc: `\`${type}\`. ${origin}.`,
        })),
      ),
    ),
    docComment(['One of the numbers in {@link MethodId}.']),
    'export type MethodId = (typeof MethodId)[keyof typeof MethodId];',
  ]);
}

/** `ReplyCode`. */
export function emitReplyCode(): SourceFile {
  const failures = replyCodeDefinitions.map(({ code, name, meaning }) => ({ name, value: code, doc: meaning }));
  return sourceFile('reply-code.ts', [
    comment('The numbers of the reply codes.'),
    docComment(['The reply codes of `connection.close`, `channel.close` and `basic.return`. AMQP 0-9-1 §1.2.']),
    constObject(
      'ReplyCode',
      [replySuccess, ...failures].map(({ name, value, doc }) => ({ name, text: `${value}`, doc })),
    ),
  ]);
}

/** `methodInfo` and `methodName`. */
export function emitMethodInfo(models: readonly ClassModel[]): SourceFile {
  const rows = models.flatMap(({ methods }) =>
    methods.map(({ type, idName, direction, hasContent, replies }) => {
      const ids = replies.map((reply) => `MethodId.${reply}`).join(', ');
      return `row(MethodId.${idName}, '${type}', '${direction}', ${hasContent ? "'content'" : "'no content'"}, [${ids}]),`;
    }),
  );
  return sourceFile('method-info.ts', [
    comment('The properties of each method beside its fields.'),
    "import type { MethodDirection, MethodInfo } from '../method-info-type.ts';",
    "import { MethodId } from './ids.ts';",
    "import type { MethodType } from './method.ts';",
    `function row(id: MethodId, name: MethodType, direction: MethodDirection, content: 'content' | 'no content',
      replies: readonly MethodId[]): [number, MethodInfo] {
      return [id, { name, id, direction, hasContent: content === 'content', replies, synchronous: replies.length > 0 }];
    }`,
    docComment(['The properties of each method, by its id.']),
    `export const methodInfo: ReadonlyMap<number, MethodInfo> = new Map([\n${rows.join('\n')}\n]);`,
    docComment([
      'The AMQP name of a method, such as `queue.declare`.',
      '@param classId The number of its class, as in `channel.close`.',
      '@param methodId Its number within the class.',
      '@returns `undefined` for an undefined method, and for 0, 0.',
    ]),
    `export function methodName(classId: number, methodId: number): MethodType | undefined {
      return methodInfo.get(classId * 0x10000 + methodId)?.name;
    }`,
  ]);
}

function constObject(
  name: string,
  members: readonly { readonly name: string; readonly text: string; readonly doc: string }[],
): string {
  const lines = members.map((member) => `${docComment([member.doc])}\n${camelCase(member.name)}: ${member.text},`);
  return `export const ${name} = {\n${lines.join('\n')}\n} as const;`;
}
