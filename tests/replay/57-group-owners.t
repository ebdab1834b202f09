# A group of owners starts as Master.
instance V1 eth0 vrid=51 prio=255 MASTER addr=10.0.0.100 garp_delay=0
instance V2 eth0 vrid=52 prio=255 MASTER addr=10.0.0.101 garp_delay=0
group G1 V1 V2
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> advertise V1 prio=255 rev=1
> advertise V2 prio=255 rev=1
> claim V1 repeat=5
> claim V2 repeat=5
> arm V1 Advert @1
> arm V2 Advert @1
> tell (V1) INIT -> MASTER: owner of the addresses (priority 255)
> tell (V2) INIT -> MASTER: owner of the addresses (priority 255)
> tell VRRP_Group(G1) INIT -> MASTER: owner of the addresses (priority 255)
