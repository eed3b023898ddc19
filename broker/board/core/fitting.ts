/** The first items that weigh no more than `max` together; an item that alone weighs more ends the list. */
export function fitting<Item>(items: Iterable<Item>, weigh: (item: Item) => number, max: number): Item[] {
  const list: Item[] = [];
  let weight = 0;
  for (const item of items) {
    weight += weigh(item);
    if (weight > max) break;
    list.push(item);
  }
  return list;
}
