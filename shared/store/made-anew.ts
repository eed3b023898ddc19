/**
 * SQL of an upgrade, for what SQLite cannot alter: the table in its present shape, with the rows of the old one. `make`: the schema's own SQL.
 * `rows`: what goes into it of the old one, `kept`.
 */
export function madeAnew(table: string, make: string, rows = "SELECT * FROM kept"): string {
  return `
    CREATE TEMP TABLE kept AS SELECT * FROM ${table};
    DROP TABLE ${table};
    ${make}
    INSERT INTO ${table} ${rows};
    DROP TABLE kept;
  `;
}
