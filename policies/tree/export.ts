import { boxWords, leafBoxes } from './boxes.ts';
import { ALL_KNOWN, setWords } from './flat-tree.ts';
import { isLeaf, type Leaf, type Split, type TreeFile } from './tree-file.ts';

/** The tree as nested ifs, two spaces a level. */
export function treeToText({ nodes }: TreeFile): string {
  const lines: string[] = [];
  const visit = (at: number, indent: string): void => {
    const node = nodes[at]!;
    if (isLeaf(node)) {
      lines.push(`${indent}${leafWords(node)}`);
      return;
    }
    lines.push(`${indent}if ${condition(node)}${node.missing === 'left' ? ' or unknown' : ''}:`);
    visit(node.left, `${indent}  `);
    lines.push(`${indent}else:`);
    visit(node.right, `${indent}  `);
  };
  visit(0, '');
  return `${lines.join('\n')}\n`;
}

/** The tree as one line per leaf: its conditions, then its choice. */
export function treeToRules(tree: TreeFile): string[] {
  return leafBoxes(tree).map(({ sides, leaf }) => `${boxWords(sides)}: ${leafWords(leaf)}`);
}

/** The tree as a Mermaid flowchart; certified leaves are drawn with a thick line. */
export function treeToMermaid({ nodes }: TreeFile): string {
  const lines = ['flowchart TD'];
  const certified: string[] = [];
  for (const [i, node] of nodes.entries()) {
    if (isLeaf(node)) {
      lines.push(`  n${i}(["${quote(leafWords(node))}"])`);
      if (node.certified !== undefined) certified.push(`n${i}`);
      continue;
    }
    const unknown = node.missing === 'left' ? ['yes, unknown', 'no'] : ['yes', 'no, unknown'];
    lines.push(`  n${i}{"${quote(condition(node))}"}`);
    lines.push(`  n${i} -->|${unknown[0]}| n${node.left}`, `  n${i} -->|${unknown[1]}| n${node.right}`);
  }
  if (certified.length > 0)
    lines.push('  classDef certified stroke-width:3px', `  class ${certified.join(',')} certified`);
  return `${lines.join('\n')}\n`;
}

function condition(node: Split): string {
  if ('in' in node) return `${node.feature} is ${setWords(node.in, true)}`;
  if (node.threshold === ALL_KNOWN) return `${node.feature} is known`;
  return `${node.feature} ≤ ${Number(node.threshold.toPrecision(6))}`;
}

function leafWords({ choice, certified, confidence }: Leaf): string {
  const share = (value: number): string => `${Number((value * 100).toFixed(1))} %`;
  return certified === undefined
    ? `${choice} (not certified, seen ${share(confidence)})`
    : `${choice} (certified ${share(certified.agreement)} at ${share(certified.confidence)})`;
}

/** Names come from devices: what Mermaid takes for syntax is written as entities. */
function quote(text: string): string {
  return text.replaceAll(/[&"<>#;`\\\n\r]/g, (character) => `#${character.codePointAt(0)};`);
}
