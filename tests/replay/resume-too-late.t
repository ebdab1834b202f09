# Two intervals later somebody else may be Master: Backup, but the sequence is kept.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 auth=ah:sesame12 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@10 < resume V1 last=8 seq=40
@10 < start
> arm V1 MasterDown @13.609375
> tell (V1) INIT -> BACKUP: starting
@13.609375 * V1 MasterDown
> advertise V1 prio=100 seq=45 rev=1
> claim V1 repeat=5
> arm V1 Advert @14.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@13.7 < wait
