BEGIN TRANSACTION;
CREATE TABLE account (
	id INTEGER NOT NULL, 
	external_id TEXT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (external_id)
);
CREATE TABLE account_link (
	id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	rule TEXT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	superseded_at BIGINT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(account_id) REFERENCES account (id), 
	FOREIGN KEY(customer_id) REFERENCES customer (id)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE connector_state (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	plugin TEXT NOT NULL, 
	cursor TEXT, 
	watermark BIGINT, 
	last_sync_at BIGINT, 
	last_complete_at BIGINT, 
	pull_started_at BIGINT, 
	held_retractions INTEGER NOT NULL, 
	lease_holder TEXT, 
	lease_until BIGINT, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
INSERT INTO "connector_state" VALUES(1,'history','file',NULL,NULL,1762156800155215,1762156800155215,NULL,1,NULL,NULL);
CREATE TABLE customer (
	id INTEGER NOT NULL, 
	connector_id INTEGER NOT NULL, 
	external_id TEXT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(connector_id) REFERENCES connector_state (id), 
	UNIQUE (connector_id, external_id)
);
INSERT INTO "customer" VALUES(1,1,'acme',1759392000410752);
INSERT INTO "customer" VALUES(2,1,'bolt',1759392000410752);
INSERT INTO "customer" VALUES(3,1,'cato',1759392000410752);
INSERT INTO "customer" VALUES(4,1,'dora',1759392000410752);
INSERT INTO "customer" VALUES(5,1,'emil',1759392000410752);
CREATE TABLE customer_attribute (
	id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	value TEXT, 
	valid_from BIGINT NOT NULL, 
	evidence TEXT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	superseded_at BIGINT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(customer_id) REFERENCES customer (id)
);
INSERT INTO "customer_attribute" VALUES(1,1,'country','DE',1735686000000000,'observed',1759392000410752,NULL);
INSERT INTO "customer_attribute" VALUES(2,1,'owner','ada',1735686000000000,'observed',1759392000410752,NULL);
INSERT INTO "customer_attribute" VALUES(3,2,'country','US',1738364400000000,'observed',1759392000410752,NULL);
INSERT INTO "customer_attribute" VALUES(4,2,'owner','bob',1738364400000000,'observed',1759392000410752,NULL);
INSERT INTO "customer_attribute" VALUES(5,3,'country','US',1741561200000000,'observed',1759392000410752,NULL);
INSERT INTO "customer_attribute" VALUES(6,3,'owner','ada',1741561200000000,'observed',1759392000410752,NULL);
INSERT INTO "customer_attribute" VALUES(7,4,'country','FR',1743458400000000,'observed',1759392000410752,NULL);
INSERT INTO "customer_attribute" VALUES(8,4,'owner','bob',1743458400000000,'observed',1759392000410752,NULL);
INSERT INTO "customer_attribute" VALUES(9,1,'name','Acme',-62135596800000000,'assumed',1759392000410752,NULL);
INSERT INTO "customer_attribute" VALUES(10,2,'name','Bolt',-62135596800000000,'assumed',1759392000410752,NULL);
INSERT INTO "customer_attribute" VALUES(11,3,'name','Cato',-62135596800000000,'assumed',1759392000410752,NULL);
INSERT INTO "customer_attribute" VALUES(12,4,'name','Dora',-62135596800000000,'assumed',1759392000410752,NULL);
CREATE TABLE delivery (
	id INTEGER NOT NULL, 
	sink TEXT NOT NULL, 
	content_hash TEXT NOT NULL, 
	publication_id INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	message TEXT NOT NULL, 
	remote_id TEXT, 
	recorded_at BIGINT NOT NULL, 
	delivered_at BIGINT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(publication_id) REFERENCES publication (id), 
	UNIQUE (sink, content_hash)
);
INSERT INTO "delivery" VALUES(1,'out','6c1590d2c90ff8397cde385eea266e9e4450a5ee4e1b624c2afe43c458118259',1,'delivered',1,'',NULL,1762160400802314,1762160400823730);
CREATE TABLE item (
	id INTEGER NOT NULL, 
	subscription_id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	external_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(customer_id) REFERENCES customer (id), 
	FOREIGN KEY(subscription_id) REFERENCES subscription (id), 
	UNIQUE (subscription_id, external_id)
);
INSERT INTO "item" VALUES(1,1,1,'001d0cbb0b41fdb28c5185f0','licensed',1759392000410752);
INSERT INTO "item" VALUES(2,1,1,'058e35753806600be705747b','licensed',1759392000410752);
INSERT INTO "item" VALUES(3,2,2,'34e4da6c29745c8c3153a089','licensed',1759392000410752);
INSERT INTO "item" VALUES(4,3,3,'4888ef02298c79d09655dbef','licensed',1759392000410752);
INSERT INTO "item" VALUES(5,4,4,'0a30602a7ca0731ce3fdc572','licensed',1759392000410752);
INSERT INTO "item" VALUES(6,4,4,'8df597fd369c48185a3a1bb1','licensed',1759392000410752);
INSERT INTO "item" VALUES(7,1,1,'add058d525e29c732bc63285','licensed',1762156800119867);
CREATE TABLE ledger_clock (
	id INTEGER NOT NULL, 
	last_stamp BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "ledger_clock" VALUES(1,1762160400823730);
CREATE TABLE observation (
	id INTEGER NOT NULL, 
	connector_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	data TEXT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(connector_id) REFERENCES connector_state (id), 
	UNIQUE (connector_id, kind, subject, "key")
);
CREATE TABLE point (
	id INTEGER NOT NULL, 
	item_id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	effective_at BIGINT NOT NULL, 
	amount BIGINT NOT NULL, 
	discount BIGINT NOT NULL, 
	discount_once BIGINT NOT NULL, 
	quantity BIGINT NOT NULL, 
	interval TEXT NOT NULL, 
	interval_count INTEGER NOT NULL, 
	currency TEXT NOT NULL, 
	"plan" TEXT, 
	product TEXT, 
	state TEXT NOT NULL, 
	state_since BIGINT NOT NULL, 
	ends_at BIGINT, 
	cause TEXT, 
	evidence TEXT NOT NULL, 
	source_ref TEXT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	superseded_at BIGINT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(customer_id) REFERENCES customer (id), 
	FOREIGN KEY(item_id) REFERENCES item (id)
);
INSERT INTO "point" VALUES(1,1,1,1749938400000000,150500000,0,0,1000000,'month',1,'EUR','team',NULL,'active',1749938400000000,NULL,NULL,'observed','rows.csv:3',1759392000410752,NULL);
INSERT INTO "point" VALUES(2,2,1,1735686000000000,100000000,0,0,1000000,'month',1,'EUR','pro',NULL,'active',1735686000000000,NULL,NULL,'observed','rows.csv:2',1759392000410752,NULL);
INSERT INTO "point" VALUES(3,2,1,1749938400000000,0,0,0,1000000,'month',1,'EUR','pro',NULL,'ended',1749938400000000,NULL,'other','observed','rows.csv:2',1759392000410752,NULL);
INSERT INTO "point" VALUES(4,3,2,1738364400000000,80000000,0,0,1000000,'month',1,'EUR','pro',NULL,'active',1738364400000000,NULL,NULL,'observed','rows.csv:4',1759392000410752,NULL);
INSERT INTO "point" VALUES(5,3,2,1755640800000000,0,0,0,1000000,'month',1,'EUR','pro',NULL,'ended',1755640800000000,NULL,'other','observed','rows.csv:4',1759392000410752,NULL);
INSERT INTO "point" VALUES(6,4,3,1741561200000000,20000000,0,0,1000000,'month',1,'EUR','basic',NULL,'active',1741561200000000,NULL,NULL,'observed','rows.csv:5',1759392000410752,NULL);
INSERT INTO "point" VALUES(7,5,4,1756677600000000,60000000,0,0,1000000,'month',1,'EUR','pro',NULL,'active',1756677600000000,NULL,NULL,'observed','rows.csv:7',1759392000410752,NULL);
INSERT INTO "point" VALUES(8,6,4,1743458400000000,60000000,0,0,1000000,'month',1,'EUR','pro',NULL,'active',1743458400000000,NULL,NULL,'observed','rows.csv:6',1759392000410752,NULL);
INSERT INTO "point" VALUES(9,6,4,1751320800000000,0,0,0,1000000,'month',1,'EUR','pro',NULL,'ended',1751320800000000,NULL,'other','observed','rows.csv:6',1759392000410752,NULL);
INSERT INTO "point" VALUES(10,7,1,1749938400000000,175500000,0,0,1000000,'month',1,'EUR','team',NULL,'active',1749938400000000,NULL,NULL,'observed','rows.csv:3',1762156800119867,NULL);
CREATE TABLE policy (
	hash TEXT NOT NULL, 
	document TEXT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	PRIMARY KEY (hash)
);
INSERT INTO "policy" VALUES('sha256:f2f9c35ad4ed77d428804711701a2875420b30ae60d6ed1db1fe6d1770fc5062','{"acv_bands":[12000,50000,250000],"churn_date":"service_end","day_factor":"365/12","discounts":"recurring","exclude":[],"gap_tolerance_hours":24,"past_due_grace_days":null,"pause":"zero","trials":"exclude","week_factor":"13/3"}',1762160400782847);
CREATE TABLE publication (
	id INTEGER NOT NULL, 
	content_hash TEXT NOT NULL, 
	policy_hash TEXT NOT NULL, 
	known_at BIGINT NOT NULL, 
	document TEXT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(policy_hash) REFERENCES policy (hash), 
	UNIQUE (content_hash)
);
INSERT INTO "publication" VALUES(1,'6c1590d2c90ff8397cde385eea266e9e4450a5ee4e1b624c2afe43c458118259','sha256:f2f9c35ad4ed77d428804711701a2875420b30ae60d6ed1db1fe6d1770fc5062',1762156800230586,'{"meta": {"currency": "EUR", "timezone": "Europe/Berlin", "known_at": "2025-11-03T08:00:00.230586Z", "policy": "sha256:f2f9c35ad4ed77d428804711701a2875420b30ae60d6ed1db1fe6d1770fc5062", "preset": "default", "variant": "cohort", "trailing": null, "where": {}, "horizon": null, "gross_margin": null, "version": "0.1.0", "coverage": {"observed": "1.000000", "inferred": "0.000000", "assumed": "0.000000"}, "sources": [{"name": "history", "last_complete_sync": "2025-11-03T08:00:00.155215Z", "incomplete": true}], "left_out": {"quarantined": 1, "excluded": 0, "excluded_customers": 0}, "ignored_connectors": []}, "rows": [{"period": "2024-11", "start": "2024-11-01", "end": "2024-12-01", "partial": false, "as_of": null, "segment": null, "start_mrr": "0.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "0.000000", "nrr": null, "grr": null, "logo_retention": null, "customers_start": 0, "customers_end": 0, "arr": "0.000000", "arpa": null, "quick_ratio": null, "committed_mrr": "0.000000", "contracted_mrr": null, "revenue_churn": null, "logo_churn": null, "ltv": null, "reasons": {"nrr": "no customer paid at the start", "grr": "no customer paid at the start", "logo_retention": "no customer paid at the start", "arpa": "no customer pays at the end", "quick_ratio": "nothing was lost", "revenue_churn": "no customer paid at the start", "logo_churn": "no customer paid at the start"}}, {"period": "2024-12", "start": "2024-12-01", "end": "2025-01-01", "partial": false, "as_of": null, "segment": null, "start_mrr": "0.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "0.000000", "nrr": null, "grr": null, "logo_retention": null, "customers_start": 0, "customers_end": 0, "arr": "0.000000", "arpa": null, "quick_ratio": null, "committed_mrr": "0.000000", "contracted_mrr": null, "revenue_churn": null, "logo_churn": null, "ltv": null, "reasons": {"nrr": "no customer paid at the start", "grr": "no customer paid at the start", "logo_retention": "no customer paid at the start", "arpa": "no customer pays at the end", "quick_ratio": "nothing was lost", "revenue_churn": "no customer paid at the start", "logo_churn": "no customer paid at the start"}}, {"period": "2025-01", "start": "2025-01-01", "end": "2025-02-01", "partial": false, "as_of": null, "segment": null, "start_mrr": "0.000000", "new": "100.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "100.000000", "nrr": null, "grr": null, "logo_retention": null, "customers_start": 0, "customers_end": 1, "arr": "1200.000000", "arpa": "100.000000", "quick_ratio": null, "committed_mrr": "100.000000", "contracted_mrr": null, "revenue_churn": null, "logo_churn": null, "ltv": null, "reasons": {"nrr": "no customer paid at the start", "grr": "no customer paid at the start", "logo_retention": "no customer paid at the start", "quick_ratio": "nothing was lost", "revenue_churn": "no customer paid at the start", "logo_churn": "no customer paid at the start"}}, {"period": "2025-01", "start": "2025-01-01", "end": "2025-02-01", "partial": false, "as_of": null, "segment": {"country": "DE"}, "start_mrr": "0.000000", "new": "100.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "100.000000", "nrr": null, "grr": null, "logo_retention": null, "customers_start": 0, "customers_end": 1, "arr": "1200.000000", "arpa": "100.000000", "quick_ratio": null, "committed_mrr": "100.000000", "contracted_mrr": null, "revenue_churn": null, "logo_churn": null, "ltv": null, "reasons": {"nrr": "no customer paid at the start", "grr": "no customer paid at the start", "logo_retention": "no customer paid at the start", "quick_ratio": "nothing was lost", "revenue_churn": "no customer paid at the start", "logo_churn": "no customer paid at the start"}}, {"period": "2025-01", "start": "2025-01-01", "end": "2025-02-01", "partial": false, "as_of": null, "segment": {"owner": "ada"}, "start_mrr": "0.000000", "new": "100.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "100.000000", "nrr": null, "grr": null, "logo_retention": null, "customers_start": 0, "customers_end": 1, "arr": "1200.000000", "arpa": "100.000000", "quick_ratio": null, "committed_mrr": "100.000000", "contracted_mrr": null, "revenue_churn": null, "logo_churn": null, "ltv": null, "reasons": {"nrr": "no customer paid at the start", "grr": "no customer paid at the start", "logo_retention": "no customer paid at the start", "quick_ratio": "nothing was lost", "revenue_churn": "no customer paid at the start", "logo_churn": "no customer paid at the start"}}, {"period": "2025-02", "start": "2025-02-01", "end": "2025-03-01", "partial": false, "as_of": null, "segment": null, "start_mrr": "100.000000", "new": "80.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "180.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 2, "arr": "2160.000000", "arpa": "90.000000", "quick_ratio": null, "committed_mrr": "180.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-02", "start": "2025-02-01", "end": "2025-03-01", "partial": false, "as_of": null, "segment": {"country": "DE"}, "start_mrr": "100.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "100.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "1200.000000", "arpa": "100.000000", "quick_ratio": null, "committed_mrr": "100.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-02", "start": "2025-02-01", "end": "2025-03-01", "partial": false, "as_of": null, "segment": {"country": "US"}, "start_mrr": "0.000000", "new": "80.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "80.000000", "nrr": null, "grr": null, "logo_retention": null, "customers_start": 0, "customers_end": 1, "arr": "960.000000", "arpa": "80.000000", "quick_ratio": null, "committed_mrr": "80.000000", "contracted_mrr": null, "revenue_churn": null, "logo_churn": null, "ltv": null, "reasons": {"nrr": "no customer paid at the start", "grr": "no customer paid at the start", "logo_retention": "no customer paid at the start", "quick_ratio": "nothing was lost", "revenue_churn": "no customer paid at the start", "logo_churn": "no customer paid at the start"}}, {"period": "2025-02", "start": "2025-02-01", "end": "2025-03-01", "partial": false, "as_of": null, "segment": {"owner": "ada"}, "start_mrr": "100.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "100.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "1200.000000", "arpa": "100.000000", "quick_ratio": null, "committed_mrr": "100.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-02", "start": "2025-02-01", "end": "2025-03-01", "partial": false, "as_of": null, "segment": {"owner": "bob"}, "start_mrr": "0.000000", "new": "80.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "80.000000", "nrr": null, "grr": null, "logo_retention": null, "customers_start": 0, "customers_end": 1, "arr": "960.000000", "arpa": "80.000000", "quick_ratio": null, "committed_mrr": "80.000000", "contracted_mrr": null, "revenue_churn": null, "logo_churn": null, "ltv": null, "reasons": {"nrr": "no customer paid at the start", "grr": "no customer paid at the start", "logo_retention": "no customer paid at the start", "quick_ratio": "nothing was lost", "revenue_churn": "no customer paid at the start", "logo_churn": "no customer paid at the start"}}, {"period": "2025-03", "start": "2025-03-01", "end": "2025-04-01", "partial": false, "as_of": null, "segment": null, "start_mrr": "180.000000", "new": "20.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "200.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 2, "customers_end": 3, "arr": "2400.000000", "arpa": "66.666667", "quick_ratio": null, "committed_mrr": "200.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-03", "start": "2025-03-01", "end": "2025-04-01", "partial": false, "as_of": null, "segment": {"country": "DE"}, "start_mrr": "100.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "100.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "1200.000000", "arpa": "100.000000", "quick_ratio": null, "committed_mrr": "100.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-03", "start": "2025-03-01", "end": "2025-04-01", "partial": false, "as_of": null, "segment": {"country": "US"}, "start_mrr": "80.000000", "new": "20.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "100.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 2, "arr": "1200.000000", "arpa": "50.000000", "quick_ratio": null, "committed_mrr": "100.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-03", "start": "2025-03-01", "end": "2025-04-01", "partial": false, "as_of": null, "segment": {"owner": "ada"}, "start_mrr": "100.000000", "new": "20.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "120.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 2, "arr": "1440.000000", "arpa": "60.000000", "quick_ratio": null, "committed_mrr": "120.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-03", "start": "2025-03-01", "end": "2025-04-01", "partial": false, "as_of": null, "segment": {"owner": "bob"}, "start_mrr": "80.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "80.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "960.000000", "arpa": "80.000000", "quick_ratio": null, "committed_mrr": "80.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-04", "start": "2025-04-01", "end": "2025-05-01", "partial": false, "as_of": null, "segment": null, "start_mrr": "200.000000", "new": "60.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "260.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 3, "customers_end": 4, "arr": "3120.000000", "arpa": "65.000000", "quick_ratio": null, "committed_mrr": "260.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-04", "start": "2025-04-01", "end": "2025-05-01", "partial": false, "as_of": null, "segment": {"country": "DE"}, "start_mrr": "100.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "100.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "1200.000000", "arpa": "100.000000", "quick_ratio": null, "committed_mrr": "100.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-04", "start": "2025-04-01", "end": "2025-05-01", "partial": false, "as_of": null, "segment": {"country": "FR"}, "start_mrr": "0.000000", "new": "60.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "60.000000", "nrr": null, "grr": null, "logo_retention": null, "customers_start": 0, "customers_end": 1, "arr": "720.000000", "arpa": "60.000000", "quick_ratio": null, "committed_mrr": "60.000000", "contracted_mrr": null, "revenue_churn": null, "logo_churn": null, "ltv": null, "reasons": {"nrr": "no customer paid at the start", "grr": "no customer paid at the start", "logo_retention": "no customer paid at the start", "quick_ratio": "nothing was lost", "revenue_churn": "no customer paid at the start", "logo_churn": "no customer paid at the start"}}, {"period": "2025-04", "start": "2025-04-01", "end": "2025-05-01", "partial": false, "as_of": null, "segment": {"country": "US"}, "start_mrr": "100.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "100.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 2, "customers_end": 2, "arr": "1200.000000", "arpa": "50.000000", "quick_ratio": null, "committed_mrr": "100.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-04", "start": "2025-04-01", "end": "2025-05-01", "partial": false, "as_of": null, "segment": {"owner": "ada"}, "start_mrr": "120.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "120.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 2, "customers_end": 2, "arr": "1440.000000", "arpa": "60.000000", "quick_ratio": null, "committed_mrr": "120.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-04", "start": "2025-04-01", "end": "2025-05-01", "partial": false, "as_of": null, "segment": {"owner": "bob"}, "start_mrr": "80.000000", "new": "60.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "140.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 2, "arr": "1680.000000", "arpa": "70.000000", "quick_ratio": null, "committed_mrr": "140.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-05", "start": "2025-05-01", "end": "2025-06-01", "partial": false, "as_of": null, "segment": null, "start_mrr": "260.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "260.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 4, "customers_end": 4, "arr": "3120.000000", "arpa": "65.000000", "quick_ratio": null, "committed_mrr": "260.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-05", "start": "2025-05-01", "end": "2025-06-01", "partial": false, "as_of": null, "segment": {"country": "DE"}, "start_mrr": "100.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "100.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "1200.000000", "arpa": "100.000000", "quick_ratio": null, "committed_mrr": "100.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-05", "start": "2025-05-01", "end": "2025-06-01", "partial": false, "as_of": null, "segment": {"country": "FR"}, "start_mrr": "60.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "60.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "720.000000", "arpa": "60.000000", "quick_ratio": null, "committed_mrr": "60.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-05", "start": "2025-05-01", "end": "2025-06-01", "partial": false, "as_of": null, "segment": {"country": "US"}, "start_mrr": "100.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "100.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 2, "customers_end": 2, "arr": "1200.000000", "arpa": "50.000000", "quick_ratio": null, "committed_mrr": "100.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-05", "start": "2025-05-01", "end": "2025-06-01", "partial": false, "as_of": null, "segment": {"owner": "ada"}, "start_mrr": "120.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "120.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 2, "customers_end": 2, "arr": "1440.000000", "arpa": "60.000000", "quick_ratio": null, "committed_mrr": "120.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-05", "start": "2025-05-01", "end": "2025-06-01", "partial": false, "as_of": null, "segment": {"owner": "bob"}, "start_mrr": "140.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "140.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 2, "customers_end": 2, "arr": "1680.000000", "arpa": "70.000000", "quick_ratio": null, "committed_mrr": "140.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-06", "start": "2025-06-01", "end": "2025-07-01", "partial": false, "as_of": null, "segment": null, "start_mrr": "260.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "226.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "486.000000", "nrr": "1.869231", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 4, "customers_end": 4, "arr": "5832.000000", "arpa": "121.500000", "quick_ratio": null, "committed_mrr": "486.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-06", "start": "2025-06-01", "end": "2025-07-01", "partial": false, "as_of": null, "segment": {"country": "DE"}, "start_mrr": "100.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "226.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "326.000000", "nrr": "3.260000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "3912.000000", "arpa": "326.000000", "quick_ratio": null, "committed_mrr": "326.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-06", "start": "2025-06-01", "end": "2025-07-01", "partial": false, "as_of": null, "segment": {"country": "FR"}, "start_mrr": "60.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "60.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "720.000000", "arpa": "60.000000", "quick_ratio": null, "committed_mrr": "60.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-06", "start": "2025-06-01", "end": "2025-07-01", "partial": false, "as_of": null, "segment": {"country": "US"}, "start_mrr": "100.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "100.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 2, "customers_end": 2, "arr": "1200.000000", "arpa": "50.000000", "quick_ratio": null, "committed_mrr": "100.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-06", "start": "2025-06-01", "end": "2025-07-01", "partial": false, "as_of": null, "segment": {"owner": "ada"}, "start_mrr": "120.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "226.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "346.000000", "nrr": "2.883333", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 2, "customers_end": 2, "arr": "4152.000000", "arpa": "173.000000", "quick_ratio": null, "committed_mrr": "346.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-06", "start": "2025-06-01", "end": "2025-07-01", "partial": false, "as_of": null, "segment": {"owner": "bob"}, "start_mrr": "140.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "140.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 2, "customers_end": 2, "arr": "1680.000000", "arpa": "70.000000", "quick_ratio": null, "committed_mrr": "140.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-07", "start": "2025-07-01", "end": "2025-08-01", "partial": false, "as_of": null, "segment": null, "start_mrr": "486.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "60.000000", "fx": "0.000000", "end_mrr": "426.000000", "nrr": "0.876543", "grr": "0.876543", "logo_retention": "0.750000", "customers_start": 4, "customers_end": 3, "arr": "5112.000000", "arpa": "142.000000", "quick_ratio": "0.000000", "committed_mrr": "426.000000", "contracted_mrr": null, "revenue_churn": "0.123457", "logo_churn": "0.250000", "ltv": null, "reasons": {}}, {"period": "2025-07", "start": "2025-07-01", "end": "2025-08-01", "partial": false, "as_of": null, "segment": {"country": "DE"}, "start_mrr": "326.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "326.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "3912.000000", "arpa": "326.000000", "quick_ratio": null, "committed_mrr": "326.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-07", "start": "2025-07-01", "end": "2025-08-01", "partial": false, "as_of": null, "segment": {"country": "FR"}, "start_mrr": "60.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "60.000000", "fx": "0.000000", "end_mrr": "0.000000", "nrr": "0.000000", "grr": "0.000000", "logo_retention": "0.000000", "customers_start": 1, "customers_end": 0, "arr": "0.000000", "arpa": null, "quick_ratio": "0.000000", "committed_mrr": "0.000000", "contracted_mrr": null, "revenue_churn": "1.000000", "logo_churn": "1.000000", "ltv": null, "reasons": {"arpa": "no customer pays at the end"}}, {"period": "2025-07", "start": "2025-07-01", "end": "2025-08-01", "partial": false, "as_of": null, "segment": {"country": "US"}, "start_mrr": "100.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "100.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 2, "customers_end": 2, "arr": "1200.000000", "arpa": "50.000000", "quick_ratio": null, "committed_mrr": "100.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-07", "start": "2025-07-01", "end": "2025-08-01", "partial": false, "as_of": null, "segment": {"owner": "ada"}, "start_mrr": "346.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "346.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 2, "customers_end": 2, "arr": "4152.000000", "arpa": "173.000000", "quick_ratio": null, "committed_mrr": "346.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-07", "start": "2025-07-01", "end": "2025-08-01", "partial": false, "as_of": null, "segment": {"owner": "bob"}, "start_mrr": "140.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "60.000000", "fx": "0.000000", "end_mrr": "80.000000", "nrr": "0.571429", "grr": "0.571429", "logo_retention": "0.500000", "customers_start": 2, "customers_end": 1, "arr": "960.000000", "arpa": "80.000000", "quick_ratio": "0.000000", "committed_mrr": "80.000000", "contracted_mrr": null, "revenue_churn": "0.428571", "logo_churn": "0.500000", "ltv": null, "reasons": {}}, {"period": "2025-08", "start": "2025-08-01", "end": "2025-09-01", "partial": false, "as_of": null, "segment": null, "start_mrr": "426.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "80.000000", "fx": "0.000000", "end_mrr": "346.000000", "nrr": "0.812207", "grr": "0.812207", "logo_retention": "0.666667", "customers_start": 3, "customers_end": 2, "arr": "4152.000000", "arpa": "173.000000", "quick_ratio": "0.000000", "committed_mrr": "346.000000", "contracted_mrr": null, "revenue_churn": "0.187793", "logo_churn": "0.333333", "ltv": null, "reasons": {}}, {"period": "2025-08", "start": "2025-08-01", "end": "2025-09-01", "partial": false, "as_of": null, "segment": {"country": "DE"}, "start_mrr": "326.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "326.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "3912.000000", "arpa": "326.000000", "quick_ratio": null, "committed_mrr": "326.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-08", "start": "2025-08-01", "end": "2025-09-01", "partial": false, "as_of": null, "segment": {"country": "US"}, "start_mrr": "100.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "80.000000", "fx": "0.000000", "end_mrr": "20.000000", "nrr": "0.200000", "grr": "0.200000", "logo_retention": "0.500000", "customers_start": 2, "customers_end": 1, "arr": "240.000000", "arpa": "20.000000", "quick_ratio": "0.000000", "committed_mrr": "20.000000", "contracted_mrr": null, "revenue_churn": "0.800000", "logo_churn": "0.500000", "ltv": null, "reasons": {}}, {"period": "2025-08", "start": "2025-08-01", "end": "2025-09-01", "partial": false, "as_of": null, "segment": {"owner": "ada"}, "start_mrr": "346.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "346.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 2, "customers_end": 2, "arr": "4152.000000", "arpa": "173.000000", "quick_ratio": null, "committed_mrr": "346.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-08", "start": "2025-08-01", "end": "2025-09-01", "partial": false, "as_of": null, "segment": {"owner": "bob"}, "start_mrr": "80.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "80.000000", "fx": "0.000000", "end_mrr": "0.000000", "nrr": "0.000000", "grr": "0.000000", "logo_retention": "0.000000", "customers_start": 1, "customers_end": 0, "arr": "0.000000", "arpa": null, "quick_ratio": "0.000000", "committed_mrr": "0.000000", "contracted_mrr": null, "revenue_churn": "1.000000", "logo_churn": "1.000000", "ltv": null, "reasons": {"arpa": "no customer pays at the end"}}, {"period": "2025-09", "start": "2025-09-01", "end": "2025-10-01", "partial": false, "as_of": null, "segment": null, "start_mrr": "346.000000", "new": "0.000000", "reactivation": "60.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "406.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 2, "customers_end": 3, "arr": "4872.000000", "arpa": "135.333333", "quick_ratio": null, "committed_mrr": "406.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-09", "start": "2025-09-01", "end": "2025-10-01", "partial": false, "as_of": null, "segment": {"country": "DE"}, "start_mrr": "326.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "326.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "3912.000000", "arpa": "326.000000", "quick_ratio": null, "committed_mrr": "326.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-09", "start": "2025-09-01", "end": "2025-10-01", "partial": false, "as_of": null, "segment": {"country": "FR"}, "start_mrr": "0.000000", "new": "0.000000", "reactivation": "60.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "60.000000", "nrr": null, "grr": null, "logo_retention": null, "customers_start": 0, "customers_end": 1, "arr": "720.000000", "arpa": "60.000000", "quick_ratio": null, "committed_mrr": "60.000000", "contracted_mrr": null, "revenue_churn": null, "logo_churn": null, "ltv": null, "reasons": {"nrr": "no customer paid at the start", "grr": "no customer paid at the start", "logo_retention": "no customer paid at the start", "quick_ratio": "nothing was lost", "revenue_churn": "no customer paid at the start", "logo_churn": "no customer paid at the start"}}, {"period": "2025-09", "start": "2025-09-01", "end": "2025-10-01", "partial": false, "as_of": null, "segment": {"country": "US"}, "start_mrr": "20.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "20.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "240.000000", "arpa": "20.000000", "quick_ratio": null, "committed_mrr": "20.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-09", "start": "2025-09-01", "end": "2025-10-01", "partial": false, "as_of": null, "segment": {"owner": "ada"}, "start_mrr": "346.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "346.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 2, "customers_end": 2, "arr": "4152.000000", "arpa": "173.000000", "quick_ratio": null, "committed_mrr": "346.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-09", "start": "2025-09-01", "end": "2025-10-01", "partial": false, "as_of": null, "segment": {"owner": "bob"}, "start_mrr": "0.000000", "new": "0.000000", "reactivation": "60.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "60.000000", "nrr": null, "grr": null, "logo_retention": null, "customers_start": 0, "customers_end": 1, "arr": "720.000000", "arpa": "60.000000", "quick_ratio": null, "committed_mrr": "60.000000", "contracted_mrr": null, "revenue_churn": null, "logo_churn": null, "ltv": null, "reasons": {"nrr": "no customer paid at the start", "grr": "no customer paid at the start", "logo_retention": "no customer paid at the start", "quick_ratio": "nothing was lost", "revenue_churn": "no customer paid at the start", "logo_churn": "no customer paid at the start"}}, {"period": "2025-10", "start": "2025-10-01", "end": "2025-11-01", "partial": false, "as_of": null, "segment": null, "start_mrr": "406.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "406.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 3, "customers_end": 3, "arr": "4872.000000", "arpa": "135.333333", "quick_ratio": null, "committed_mrr": "406.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-10", "start": "2025-10-01", "end": "2025-11-01", "partial": false, "as_of": null, "segment": {"country": "DE"}, "start_mrr": "326.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "326.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "3912.000000", "arpa": "326.000000", "quick_ratio": null, "committed_mrr": "326.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-10", "start": "2025-10-01", "end": "2025-11-01", "partial": false, "as_of": null, "segment": {"country": "FR"}, "start_mrr": "60.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "60.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "720.000000", "arpa": "60.000000", "quick_ratio": null, "committed_mrr": "60.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-10", "start": "2025-10-01", "end": "2025-11-01", "partial": false, "as_of": null, "segment": {"country": "US"}, "start_mrr": "20.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "20.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "240.000000", "arpa": "20.000000", "quick_ratio": null, "committed_mrr": "20.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-10", "start": "2025-10-01", "end": "2025-11-01", "partial": false, "as_of": null, "segment": {"owner": "ada"}, "start_mrr": "346.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "346.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 2, "customers_end": 2, "arr": "4152.000000", "arpa": "173.000000", "quick_ratio": null, "committed_mrr": "346.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}, {"period": "2025-10", "start": "2025-10-01", "end": "2025-11-01", "partial": false, "as_of": null, "segment": {"owner": "bob"}, "start_mrr": "60.000000", "new": "0.000000", "reactivation": "0.000000", "expansion": "0.000000", "contraction": "0.000000", "churn": "0.000000", "fx": "0.000000", "end_mrr": "60.000000", "nrr": "1.000000", "grr": "1.000000", "logo_retention": "1.000000", "customers_start": 1, "customers_end": 1, "arr": "720.000000", "arpa": "60.000000", "quick_ratio": null, "committed_mrr": "60.000000", "contracted_mrr": null, "revenue_churn": "0.000000", "logo_churn": "0.000000", "ltv": null, "reasons": {"quick_ratio": "nothing was lost"}}]}',1762160400782847);
CREATE TABLE pull_item (
	item_id INTEGER NOT NULL, 
	connector_id INTEGER NOT NULL, 
	retracted BOOLEAN NOT NULL, 
	PRIMARY KEY (item_id), 
	FOREIGN KEY(connector_id) REFERENCES connector_state (id), 
	FOREIGN KEY(item_id) REFERENCES item (id)
);
CREATE TABLE quarantine (
	id INTEGER NOT NULL, 
	connector_id INTEGER NOT NULL, 
	fingerprint TEXT NOT NULL, 
	source_ref TEXT NOT NULL, 
	"column" TEXT, 
	reason TEXT NOT NULL, 
	raw TEXT NOT NULL, 
	rows INTEGER NOT NULL, 
	pull_started_at BIGINT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	resolved_at BIGINT, 
	accepted_at BIGINT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(connector_id) REFERENCES connector_state (id), 
	UNIQUE (connector_id, fingerprint)
);
INSERT INTO "quarantine" VALUES(1,1,'6c70366c390f62b1111206db5b44c809109b193677eb14b10c08aa1b6abeb7c5','rows.csv:8','end','''x'' is no date like 2025-03-01 or 2025-03-01T09:30:00Z','emil,Emil,basic,2025-05-05,x,15,DE,bob',1,1762156800069784,1759392000410752,NULL,NULL);
CREATE TABLE rate (
	id INTEGER NOT NULL, 
	reporting TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	day INTEGER NOT NULL, 
	rate BIGINT NOT NULL, 
	source_ref TEXT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	superseded_at BIGINT, 
	PRIMARY KEY (id)
);
CREATE TABLE raw_object (
	id INTEGER NOT NULL, 
	connector_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	position BIGINT NOT NULL, 
	content_hash TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	data BLOB NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(connector_id) REFERENCES connector_state (id), 
	UNIQUE (connector_id, name, position, content_hash)
);
INSERT INTO "raw_object" VALUES(1,1,'rows.csv',0,'14f11e6892d01d3721f4d6084d7b92445b51bfea1bf844c2c569edc1230e3636',349,X'78016D90CB0AC2301045F77ECBAD4CAAA975E9F30314D7324DB3109A44D288FAF766A4D82E8470B98BC399CC98479F82B311662857CFCEE2DEB1479F382658DFC2C50C84874FF18DF0F436CED8646A23718F012595BA2095DF50AB42692822EC0FE0962778B2ECA61094A6B9FE814DE812B612A3B71CBD7551126AC2E58C263433C3296027D1707F338377512842EE42C9F03644C65E62742E47E74A6A45389EBECE7FF45A900963DDADC341623A379F40E3951792ADE57B1FA81F6323',1759392000410752);
INSERT INTO "raw_object" VALUES(2,1,'rows.csv',0,'b25293f1c6ef9928e67b2f8aac2e56a799afb39ce9f100912b4f316798292066',349,X'78016D90CB0AC2301045F77ECBAD24D5685DFAA81FA0B896699A45A149244D51FFDE8C14D385102E77713893193D0ED15B13A0A77277640D1E3D390C914284712D6C48801F5D0C6FF8A73361413A517B8E47F02845A90A21D39BEAA6900A52089C6A504B333C1AB2730872AB96EA0736BE8F3870646F99BD55510A5402B72B1ADF2C34458F23474343A727EFAA9002A933C5C35B1F08278EEC5C67E796EB46E07CF93AFFD13B46668CB15D8F9A633E379D40E185B479DA9ABFF701AE10632A',1762156800119867);
CREATE TABLE run (
	id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	started_at BIGINT NOT NULL, 
	ended_at BIGINT, 
	outcome TEXT, 
	counts TEXT NOT NULL, 
	message TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "run" VALUES(1,'sync','history',1759392000352964,1759392000514922,'done','{"read": 7, "stored": 6, "unchanged": 0, "quarantined": 1, "excluded": 0, "source_count": 7, "contradictions": 0, "retracted": 0, "held": 0, "held_by": null, "customers": 5}','');
INSERT INTO "run" VALUES(2,'sync','history',1762156800020842,1762156800230872,'done','{"read": 7, "stored": 1, "unchanged": 5, "quarantined": 1, "excluded": 0, "source_count": 7, "contradictions": 0, "retracted": 0, "held": 1, "held_by": "quarantine", "customers": 5}','');
CREATE TABLE subscription (
	id INTEGER NOT NULL, 
	customer_id INTEGER NOT NULL, 
	external_id TEXT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(customer_id) REFERENCES customer (id), 
	UNIQUE (customer_id, external_id)
);
INSERT INTO "subscription" VALUES(1,1,'acme',1759392000410752);
INSERT INTO "subscription" VALUES(2,2,'bolt',1759392000410752);
INSERT INTO "subscription" VALUES(3,3,'cato',1759392000410752);
INSERT INTO "subscription" VALUES(4,4,'dora',1759392000410752);
CREATE UNIQUE INDEX reporting_day_in_force ON rate (reporting, currency, day) WHERE superseded_at IS NULL;
CREATE UNIQUE INDEX customer_customer_id_in_force ON account_link (customer_id) WHERE superseded_at IS NULL;
CREATE UNIQUE INDEX customer_valid_from_in_force ON customer_attribute (customer_id, name, valid_from) WHERE superseded_at IS NULL;
CREATE INDEX customer_attribute_superseded_at ON customer_attribute (superseded_at) WHERE superseded_at IS NOT NULL;
CREATE UNIQUE INDEX item_effective_at_in_force ON point (item_id, effective_at) WHERE superseded_at IS NULL;
CREATE INDEX point_superseded_at ON point (superseded_at) WHERE superseded_at IS NOT NULL;
CREATE INDEX ix_pull_item_connector_id ON pull_item (connector_id);
COMMIT;
