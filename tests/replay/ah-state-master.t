# state MASTER with AH wants to be Backup: it must learn the numbers first.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 auth=ah:sesame12 MASTER
instance V2 eth0 vrid=52 prio=100 addr=10.0.0.101 MASTER
@0 < show V1
> V1 INIT wants=BACKUP prio=100 interval=1
@0 < show V2
> V2 INIT wants=MASTER prio=100 interval=1
